import type { NextResponse } from 'next/server';

/*
 * What a viewer is signed in with is in a cookie that no script can read: an API
 * key, or the token of a session that the service keeps. This server keeps
 * nothing; revoking the key or ending the session signs out everywhere.
 */

const keySeconds = 7 * 24 * 60 * 60;

export interface CookieReader {
  get(name: string): { value: string } | undefined;
}

/** Whether the browser's connection is encrypted, as far as the nearest proxy says. */
export function isSecure(headers: Headers): boolean {
  return headers.get('x-forwarded-proto')?.split(',')[0]?.trim() === 'https';
}

/** The name of a cookie: behind TLS no other host and no unencrypted page can set it. */
export function cookieName(name: string, headers: Headers): string {
  return isSecure(headers) ? `__Host-codexible_${name}` : `codexible_${name}`;
}

/** The attributes of every cookie that holds a secret. Lax, so that it is sent when a link in a mail is followed. */
export function cookieAttributes(headers: Headers) {
  return { httpOnly: true, secure: isSecure(headers), sameSite: 'lax', path: '/' } as const;
}

/** The key or the session's token that the viewer is signed in with. */
export function sessionKey(cookies: CookieReader, headers: Headers): string | null {
  return cookies.get(cookieName('key', headers))?.value || null;
}

/** Whether the viewer is signed in with a session of the service, and not with a key. */
export function isSessionToken(secret: string): boolean {
  return secret.startsWith('codexible_session_');
}

/** The e-mail address of the viewer's session; null for a key, whose account the pages ask for. */
export function sessionEmail(cookies: CookieReader, headers: Headers): string | null {
  const secret = sessionKey(cookies, headers);
  return secret !== null && isSessionToken(secret) ? cookies.get(cookieName('user', headers))?.value || null : null;
}

export function storeKey(response: NextResponse, key: string, headers: Headers): void {
  response.cookies.set(cookieName('key', headers), key, { ...cookieAttributes(headers), maxAge: keySeconds });
}

/** Keeps the token of a session for as long as it can live, and its e-mail address for the pages. */
export function storeSession(response: NextResponse, session: { token: string; email: string; expiresAt: string }, headers: Headers, now = Date.now()): void {
  const attributes = { ...cookieAttributes(headers), maxAge: Math.max(0, Math.floor((Date.parse(session.expiresAt) - now) / 1000)) };
  response.cookies.set(cookieName('key', headers), session.token, attributes);
  response.cookies.set(cookieName('user', headers), session.email, attributes);
}

export function deleteKey(response: NextResponse, headers: Headers): void {
  for (const name of ['key', 'user']) response.cookies.set(cookieName(name, headers), '', { ...cookieAttributes(headers), maxAge: 0 });
}

/**
 * Whether a request was made by a page of this very dashboard. Browsers say so
 * in Sec-Fetch-Site; one too old for it must send a matching Origin.
 */
export function isSameOrigin(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site');
  if (site) return site === 'same-origin';
  const origin = headers.get('origin');
  const host = headers.get('x-forwarded-host') ?? headers.get('host');
  return origin !== null && URL.canParse(origin) && new URL(origin).host === host;
}

/** A key as people paste it, without the blanks and quotes around it. */
export function cleanKey(pasted: string): string {
  return pasted.replace(/^[\s\u200B"'`\u2018\u2019\u201C\u201D]+|[\s\u200B"'`\u2018\u2019\u201C\u201D]+$/g, '');
}
