import { NextResponse } from 'next/server';
import { errorOf, maxKeyPage, type Connection, type Key, type Overview } from '../api';
import type { OwnKey } from '../session';
import { relay } from './answer';
import { isSessionToken } from './session';

/** `codexible_` and the eight characters that a list of keys shows. */
const prefixLength = 18;

/** No plan allows more keys than these pages hold. */
const mostPages = 50;

/**
 * Answers with the key that the viewer is signed in with (null for a session), or
 * with the API's refusal. A key that may not read usage has no overview, so it is
 * found by its prefix among the keys, if it may list those.
 */
export async function ownKey(connection: Connection, secret: string): Promise<NextResponse> {
  const overview = await relay('/api/dashboard/overview', {}, connection);
  if (overview.ok) {
    const { key, role } = (await overview.json()) as Overview;
    return found({ key, role });
  }
  if (isSessionToken(secret) || !(await lacksScope(overview))) return overview;
  let after = '';
  for (let page = 0; page < mostPages; page++) {
    const answer = await relay(`/api/keys?limit=${maxKeyPage}${after}`, {}, connection);
    if (!answer.ok) return answer;
    const keys = (await answer.json()) as Key[];
    const own = keys.find(({ prefix }) => prefix === secret.slice(0, prefixLength));
    if (own) return found({ key: own, role: null });
    if (keys.length < maxKeyPage) break;
    after = `&after=${keys.at(-1)?.id ?? ''}`;
  }
  return overview;
}

function found(own: OwnKey): NextResponse {
  return NextResponse.json(own, { headers: { 'Cache-Control': 'no-store' } });
}

async function lacksScope(refusal: NextResponse): Promise<boolean> {
  const body: unknown = await refusal.clone().json().catch(() => null);
  return errorOf(refusal.status, refusal.headers, body, new Date()).kind === 'insufficient_scope';
}
