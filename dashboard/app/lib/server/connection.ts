import { cookies, headers } from 'next/headers';
import type { Connection } from '../api';
import { sessionKey } from './session';
import { settings } from './settings';

const timeoutMs = 10_000;

/** This server's way to the API, in the name of a viewer and, where signed in, of a key. */
export function connectionFor(requestHeaders: Headers, key: string | null): Connection {
  const sent: Record<string, string> = {};
  const viewer = requestHeaders.get('x-forwarded-for');
  if (viewer) sent['X-Forwarded-For'] = viewer;
  if (key) sent.Authorization = `Bearer ${key}`;
  return { baseUrl: settings().internalApiUrl, headers: sent, signal: AbortSignal.timeout(timeoutMs) };
}

/** The same for the page that is being rendered, and its key; null when signed out. The key must not reach what is sent to the browser. */
export async function pageSession(): Promise<{ via: Connection; key: string } | null> {
  const requestHeaders = await headers();
  const key = sessionKey(await cookies(), requestHeaders);
  return key ? { via: connectionFor(requestHeaders, key), key } : null;
}
