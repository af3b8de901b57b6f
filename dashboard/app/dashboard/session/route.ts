import { NextResponse, type NextRequest } from 'next/server';
import type { Validation } from '@/app/lib/api';
import { refuse, refuseForeign, refuseSignedOut, relay } from '@/app/lib/server/answer';
import { connectionFor } from '@/app/lib/server/connection';
import { ownKey } from '@/app/lib/server/own-key';
import { cleanKey, deleteKey, isSameOrigin, sessionKey, storeKey } from '@/app/lib/server/session';

/** Signs in: asks the API about the key and, if it is good, keeps it in the cookie. */
export async function POST(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const isForm = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') ?? false;
  const pasted = isForm ? formToken(await request.text()) : jsonToken(await request.text());
  if (pasted === null) return refuse(422, 'validation_failed', 'Send the key as {"token": "…"}.');

  const answer = await relay(
    '/api/auth/validate',
    { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token: cleanKey(pasted) }) },
    connectionFor(request.headers, null),
  );
  const accepted = answer.ok && ((await answer.clone().json()) as Validation).valid;
  const response = isForm ? afterForm(accepted, answer.ok) : answer;
  if (accepted) storeKey(response, cleanKey(pasted), request.headers);
  return response;
}

function jsonToken(body: string): string | null {
  try {
    const { token } = JSON.parse(body) as { token?: unknown };
    return typeof token === 'string' ? token : null;
  } catch {
    return null;
  }
}

function formToken(body: string): string | null {
  return new URLSearchParams(body).get('token');
}

/** A form that was sent before the page's script had loaded expects a page. The address is relative: a proxy may stand in front. */
function afterForm(accepted: boolean, answered: boolean): NextResponse {
  const target = accepted ? '/dashboard' : `/dashboard/login?reason=${answered ? 'refused' : 'unavailable'}`;
  return new NextResponse(null, { status: 303, headers: { Location: target, 'Cache-Control': 'no-store' } });
}

/** Answers with the key of the session; deletes the cookie if the API rejects the key. */
export async function GET(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const key = sessionKey(request.cookies, request.headers);
  if (!key) return refuseSignedOut();
  const response = await ownKey(connectionFor(request.headers, key), key);
  if (response.status === 401) deleteKey(response, request.headers);
  return response;
}

/** Signs out. The key itself stays as it is. */
export function DELETE(request: NextRequest): NextResponse {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const response = NextResponse.json({ signed_out: true }, { headers: { 'Cache-Control': 'no-store' } });
  deleteKey(response, request.headers);
  return response;
}
