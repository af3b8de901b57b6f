import { NextResponse, type NextRequest } from 'next/server';
import { unreachableCode } from '@/app/lib/api';
import { refuse, refuseForeign, refuseSignedOut } from '@/app/lib/server/answer';
import { readText } from '@/app/lib/server/body';
import { connectionFor } from '@/app/lib/server/connection';
import { isSameOrigin, isSessionToken, sessionKey } from '@/app/lib/server/session';
import { makeTestCall, readTestCall } from '@/app/lib/server/test-call';

const maxBodyLength = 4096;

/** Calls a model once with a key of the viewer's, as a tool with that key would, from the viewer's address. */
export async function POST(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const own = sessionKey(request.cookies, request.headers);
  if (!own) return refuseSignedOut();
  const body = await readText(request, maxBodyLength);
  const call = body === null ? null : readTestCall(body);
  if (!call) return refuse(422, 'validation_failed', 'Send {"wire": "chat", "messages" or "responses", "model": "…", "key": "…"}.');
  if (call.key === undefined && isSessionToken(own)) return refuse(422, 'validation_failed', 'Models are called with a key. Make one, then test it.');
  try {
    const outcome = await makeTestCall(call, connectionFor(request.headers, call.key ?? own));
    return NextResponse.json(outcome, { headers: { 'Cache-Control': 'no-store' } });
  } catch {
    return refuse(502, unreachableCode, 'The service did not answer. Try again in a moment.');
  }
}
