import { NextResponse, type NextRequest } from 'next/server';
import { chooseLanguage, languageCookie } from '@/app/lib/i18n';
import { refuseForeign } from '@/app/lib/server/answer';
import { browserSecret, newBrowserSecret, storeBrowserSecret } from '@/app/lib/server/browser';
import { isSameOrigin } from '@/app/lib/server/session';
import { ask, backToSignIn, enter } from '@/app/lib/server/sign-in';
import { signInWords } from '../messages';

/** Begins a sign-in with the OpenID Connect provider, for this browser. */
export async function POST(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const browser = browserSecret(request.cookies, request.headers) ?? newBrowserSecret();
  const answer = await ask('/api/session/openid', { browser }, request.headers);
  if (!answer.ok) return backToSignIn(answer.status === 429 ? 'limit' : 'unavailable');
  const { url } = (await answer.json()) as { url: string };
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return backToSignIn('unavailable');
  const response = leaveFor(new URL(url), request);
  storeBrowserSecret(response, browser, request.headers);
  return response;
}

/**
 * A page that leaves by itself. A redirect would not do: browsers let a form lead
 * only to where its page's policy lets forms be sent, however often it is
 * redirected.
 */
function leaveFor(url: URL, request: NextRequest): NextResponse {
  const language = chooseLanguage(request.cookies.get(languageCookie)?.value, request.headers.get('accept-language'));
  const words = signInWords(language).openid;
  const address = url.href.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');
  const page = `<!DOCTYPE html><html lang="${language}"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><meta name="viewport" content="width=device-width"><title>${words.leaving}</title><p><a href="${address}">${words.leaving}</a></p></html>`;
  return new NextResponse(page, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      Refresh: `0; url=${url.href}`,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
  });
}

/** The longest code or state that a provider sends back. */
const mostParameter = 4096;

/** Where the provider sends the browser back to. Only the browser that began gets a session from it. */
export async function GET(request: NextRequest): Promise<NextResponse> {
  const { searchParams } = request.nextUrl;
  const error = searchParams.get('error');
  if (error !== null) return backToSignIn(error === 'access_denied' ? 'denied' : 'provider');
  const [code, state] = [searchParams.get('code') ?? '', searchParams.get('state') ?? ''];
  if (!code || !state || code.length > mostParameter || state.length > mostParameter) return backToSignIn('provider');
  return enter(request, '/api/session/openid/finish', { code, state }, 'provider');
}
