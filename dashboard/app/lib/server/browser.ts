import { randomBytes } from 'node:crypto';
import type { NextResponse } from 'next/server';
import { cookieAttributes, cookieName, type CookieReader } from './session';

/*
 * A link by mail, and the way back from an OpenID Connect provider, work only in
 * the browser that asked for them. It proves this with a secret in a cookie. The
 * service keeps a hash of the secret beside the link.
 */

/** A link lives 15 minutes. The cookie outlives it, so that a late viewer is told that the link has expired. */
const lifeSeconds = 20 * 60;

/** The secret of the viewer's browser; null where it has not asked for anything. */
export function browserSecret(cookies: CookieReader, headers: Headers): string | null {
  const secret = cookies.get(cookieName('browser', headers))?.value ?? '';
  return /^[\w-]{43}$/.test(secret) ? secret : null;
}

export function newBrowserSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function storeBrowserSecret(response: NextResponse, secret: string, headers: Headers): void {
  response.cookies.set(cookieName('browser', headers), secret, { ...cookieAttributes(headers), maxAge: lifeSeconds });
}

export function deleteBrowserSecret(response: NextResponse, headers: Headers): void {
  response.cookies.set(cookieName('browser', headers), '', { ...cookieAttributes(headers), maxAge: 0 });
}
