import type { NextResponse } from 'next/server';

/*
 * A session is the customer's API key in a cookie that no script can read. This
 * server keeps nothing; revoking the key ends every session that uses it.
 */

const maxAgeSeconds = 7 * 24 * 60 * 60;

interface CookieReader {
  get(name: string): { value: string } | undefined;
}

/** Whether the browser's connection is encrypted, as far as the nearest proxy says. */
export function isSecure(headers: Headers): boolean {
  return headers.get('x-forwarded-proto')?.split(',')[0]?.trim() === 'https';
}

function cookieName(secure: boolean): string {
  return secure ? '__Host-codexible_key' : 'codexible_key';
}

/** The key that the viewer is signed in with. */
export function sessionKey(cookies: CookieReader, headers: Headers): string | null {
  return cookies.get(cookieName(isSecure(headers)))?.value || null;
}

export function storeKey(response: NextResponse, key: string, headers: Headers): void {
  response.cookies.set(cookieName(isSecure(headers)), key, { ...attributes(headers), maxAge: maxAgeSeconds });
}

export function deleteKey(response: NextResponse, headers: Headers): void {
  response.cookies.set(cookieName(isSecure(headers)), '', { ...attributes(headers), maxAge: 0 });
}

function attributes(headers: Headers) {
  return { httpOnly: true, secure: isSecure(headers), sameSite: 'lax', path: '/' } as const;
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
