import type { NextRequest, NextResponse } from 'next/server';
import type { MintedKey } from '@/app/lib/api';
import { refuse, refuseForeign, refuseSignedOut, relay } from '@/app/lib/server/answer';
import { readText } from '@/app/lib/server/body';
import { connectionFor } from '@/app/lib/server/connection';
import { ownKey } from '@/app/lib/server/own-key';
import { deleteKey, isSameOrigin, isSessionToken, sessionKey, storeKey } from '@/app/lib/server/session';
import type { OwnKey } from '@/app/lib/session';

/*
 * What the browser may ask of the API, through this server, which adds the key or
 * the session's token that the browser itself cannot read.
 */
const endpoints: readonly [method: string, path: RegExp][] = [
  ['POST', /^\/api\/auth\/validate$/],
  ['GET', /^\/api\/dashboard\/overview$/],
  ['GET', /^\/api\/models$/],
  ['GET', /^\/api\/keys$/],
  ['POST', /^\/api\/keys$/],
  ['PATCH', /^\/api\/keys\/[\w-]+$/],
  ['DELETE', /^\/api\/keys\/(?<revoked>[\w-]+)$/],
  ['POST', /^\/api\/keys\/(?<rotated>[\w-]+)\/rotate$/],
  ['GET', /^\/api\/usage\/(today|history|detailed|models|hourly|credits|refusals|speed)$/],
  ['GET', /^\/api\/usage\/charges\/[\w-]+$/],
  ['GET', /^\/api\/alerts$/],
  ['PATCH', /^\/api\/alerts$/],
];

const maxBodyLength = 64 * 1024;

async function handle(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const path = request.nextUrl.pathname.replace(/^\/dashboard/, '');
  const match = endpoints.find(([method, pattern]) => method === request.method && pattern.test(path))?.[1].exec(path);
  if (!match) return refuse(404, 'not_found', 'The dashboard has no such call.');
  const key = sessionKey(request.cookies, request.headers);
  if (!key && path !== '/api/auth/validate') return refuseSignedOut();
  const body = await readText(request, maxBodyLength);
  if (body === null) return refuse(413, 'payload_too_large', 'Send less than 64 KiB.');

  const connection = connectionFor(request.headers, key);
  const call = () => relay(path + request.nextUrl.search, callOf(request, body), connection);
  // A session is none of the keys, so it goes on whatever happens to them.
  if (key && isSessionToken(key)) return call();
  const { rotated, revoked } = match.groups ?? {};
  const own = () => ownKey(connection, key ?? '');
  if (revoked) return changeKey(revoked, call, own, (response) => deleteKey(response, request.headers));
  if (!rotated) return call();
  return changeKey(rotated, call, own, async (response) => {
    const minted = (await response.clone().json()) as MintedKey;
    storeKey(response, minted.key, request.headers);
  });
}

function callOf(request: NextRequest, body: string): RequestInit {
  const headers: Record<string, string> = {};
  const type = request.headers.get('Content-Type');
  if (type !== null) headers['Content-Type'] = type;
  return { method: request.method, headers, ...(body ? { body } : {}) };
}

/**
 * Rotates or revokes a key. Where it is the one that the viewer is signed in
 * with, `follow` makes the session keep up. Whose key it is has to be known
 * first: afterwards the old secret cannot ask any more.
 */
async function changeKey(
  id: string,
  change: () => Promise<NextResponse>,
  own: () => Promise<NextResponse>,
  follow: (response: NextResponse) => Promise<void> | void,
): Promise<NextResponse> {
  const known = await own();
  if (!known.ok) return known;
  const isOwn = ((await known.json()) as OwnKey).key?.id === id;
  const response = await change();
  if (isOwn && response.ok) await follow(response);
  return response;
}

export { handle as DELETE, handle as GET, handle as PATCH, handle as POST };
