import { NextResponse, type NextRequest } from 'next/server';
import type { Validation } from '@/app/lib/api';
import { refuse, refuseForeign, refuseSignedOut, relay } from '@/app/lib/server/answer';
import { isForm, readFields } from '@/app/lib/server/body';
import { connectionFor } from '@/app/lib/server/connection';
import { ownKey } from '@/app/lib/server/own-key';
import { cleanKey, deleteKey, isSameOrigin, isSessionToken, sessionKey, storeKey } from '@/app/lib/server/session';
import { seeOther } from '@/app/lib/server/sign-in';

/** Signs in with a key: asks the API about it and, if it is good, keeps it in the cookie. */
export async function POST(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const key = cleanKey((await readFields(request))?.token ?? '');
  const byForm = isForm(request.headers);
  // The token of a session is not a key that anybody is given to paste.
  if (!key || isSessionToken(key)) return byForm ? seeOther('/dashboard/login?reason=refused') : refuse(422, 'validation_failed', 'Send the key as {"token": "…"}.');

  const answer = await relay(
    '/api/auth/validate',
    { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token: key }) },
    connectionFor(request.headers, null),
  );
  const accepted = answer.ok && ((await answer.clone().json()) as Validation).valid;
  const response = !byForm ? answer : seeOther(accepted ? '/dashboard' : `/dashboard/login?reason=${answer.ok ? 'refused' : 'unavailable'}`);
  if (accepted) storeKey(response, key, request.headers);
  return response;
}

/** Answers with what the viewer is signed in with; deletes the cookie if the API rejects it. */
export async function GET(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const key = sessionKey(request.cookies, request.headers);
  if (!key) return refuseSignedOut();
  const response = await ownKey(connectionFor(request.headers, key), key);
  if (response.status === 401) deleteKey(response, request.headers);
  return response;
}

/**
 * Signs out. A key stays as it is; a session ends at the service, too, or with
 * `?everywhere=true` all sessions of the user. Where the service does not confirm
 * this, the viewer stays signed in and can try again.
 */
export async function DELETE(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const secret = sessionKey(request.cookies, request.headers);
  if (secret !== null && isSessionToken(secret)) {
    const everywhere = request.nextUrl.searchParams.get('everywhere') === 'true' ? '?everywhere=true' : '';
    const answer = await relay(`/api/session${everywhere}`, { method: 'DELETE' }, connectionFor(request.headers, secret));
    if (answer.status === 429 || answer.status >= 500) return answer;
  }
  const response = NextResponse.json({ signed_out: true }, { headers: { 'Cache-Control': 'no-store' } });
  deleteKey(response, request.headers);
  return response;
}
