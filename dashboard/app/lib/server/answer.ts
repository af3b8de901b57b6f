import { NextResponse } from 'next/server';
import { unreachableCode, type Connection } from '../api';

/** An error in the shape of the API's own. */
export function refuse(status: number, code: string, message: string): NextResponse {
  return NextResponse.json(
    { error: { code, message, status, request_id: crypto.randomUUID() } },
    { status, headers: { 'Cache-Control': 'no-store' } },
  );
}

export function refuseForeign(): NextResponse {
  return refuse(403, 'foreign_origin', 'Only pages of this dashboard may call it. Call the API itself instead.');
}

export function refuseSignedOut(): NextResponse {
  return refuse(401, 'unauthorized', 'Sign in to the dashboard first.');
}

const passedOn = ['Content-Type', 'Retry-After', 'X-Request-Id', 'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'];

/** Calls the API and hands its answer on as it is, secrets and refusals included. */
export async function relay(path: string, call: RequestInit, connection: Connection): Promise<NextResponse> {
  try {
    const answer = await fetch(connection.baseUrl + path, {
      ...call,
      headers: { Accept: 'application/json', ...connection.headers, ...(call.headers as Record<string, string>) },
      signal: connection.signal ?? null,
      cache: 'no-store',
      redirect: 'error',
    });
    const response = new NextResponse(await answer.text(), { status: answer.status });
    for (const name of passedOn) {
      const value = answer.headers.get(name);
      if (value !== null) response.headers.set(name, value);
    }
    response.headers.set('Cache-Control', 'no-store');
    return response;
  } catch {
    return refuse(502, unreachableCode, 'The API cannot be reached. Try again in a moment.');
  }
}
