import type { SignInWays } from '../api';
import { settings } from './settings';

const keyOnly: SignInWays = { mail: false, openid: false, registration: false };
const askEveryMs = 30_000;
const timeoutMs = 2000;

let asked: { at: number; ways: SignInWays } | null = null;

/** The ways to sign in beside API keys. Asks the service, which is then believed for half a minute. Where it does not answer, the page offers the key alone. */
export async function signInWays(now = Date.now()): Promise<SignInWays> {
  if (asked !== null && now - asked.at < askEveryMs) return asked.ways;
  try {
    const response = await fetch(`${settings().internalApiUrl}/api/session/options`, { signal: AbortSignal.timeout(timeoutMs), cache: 'no-store', redirect: 'error' });
    if (!response.ok && response.status !== 404) return keyOnly;
    const options = (response.ok ? await response.json() : null) as Partial<SignInWays> | null;
    asked = { at: now, ways: { mail: options?.mail === true, openid: options?.openid === true, registration: options?.registration === true } };
    return asked.ways;
  } catch {
    return keyOnly;
  }
}
