import { NextResponse, type NextRequest } from 'next/server';
import type { SignedIn } from '../api';
import { relay } from './answer';
import { browserSecret, deleteBrowserSecret } from './browser';
import { connectionFor } from './connection';
import { isSessionToken, storeSession } from './session';

/** Why a viewer is sent back to the sign-in page, which has a sentence for each. */
export type SignInReason = 'address' | 'limit' | 'unavailable' | 'link' | 'browser' | 'account' | 'denied' | 'provider';

/** Sends a browser on after a form. The address is relative: a proxy may stand in front. */
export function seeOther(location: string): NextResponse {
  return new NextResponse(null, { status: 303, headers: { Location: location, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' } });
}

export function backToSignIn(reason: SignInReason): NextResponse {
  return seeOther(`/dashboard/login?reason=${reason}`);
}

/** Sends JSON to one of the service's endpoints for sessions, for a viewer who is not signed in. */
export function ask(path: string, body: Record<string, string>, headers: Headers): Promise<NextResponse> {
  return relay(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }, connectionFor(headers, null));
}

/**
 * Trades a link, or what a provider sent back, for a session, and sends the
 * browser to where it starts. The service refuses it where another browser asked
 * for it, so nobody can be signed in to somebody else's account by an address.
 * `over` says what it means that the service does not know it.
 */
export async function enter(request: NextRequest, path: string, proof: Record<string, string>, over: SignInReason): Promise<NextResponse> {
  const browser = browserSecret(request.cookies, request.headers);
  if (browser === null) return backToSignIn('browser');
  const answer = await ask(path, { ...proof, browser }, request.headers);
  if (!answer.ok) return backToSignIn(reasonOf(answer.status, over));
  const { session, expires_at: expiresAt, user } = (await answer.json()) as SignedIn;
  if (!isSessionToken(session)) return backToSignIn('unavailable');
  const response = seeOther((await hasKeys(request.headers, session)) ? '/dashboard' : '/dashboard/connect');
  storeSession(response, { token: session, email: user?.email ?? '', expiresAt }, request.headers);
  deleteBrowserSecret(response, request.headers);
  return response;
}

/** Whether the user has a key. Where that cannot be said, the overview says what there is to say. */
async function hasKeys(headers: Headers, session: string): Promise<boolean> {
  const answer = await relay('/api/keys?limit=1', {}, connectionFor(headers, session));
  return !answer.ok || ((await answer.json()) as unknown[]).length > 0;
}

/** What a refusal of the service means on the sign-in page; `over` is what one means that only says no. */
export function reasonOf(status: number, over: SignInReason): SignInReason {
  if (status >= 500) return 'unavailable';
  const known: Record<number, SignInReason> = { 403: 'account', 409: 'browser', 429: 'limit' };
  return known[status] ?? over;
}
