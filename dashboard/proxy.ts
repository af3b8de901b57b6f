import { NextResponse, type NextRequest } from 'next/server';
import { isSecure, sessionKey } from './app/lib/server/session';

/** Sets every page's Content-Security-Policy and redirects signed-out visitors to the sign-in. */
export function proxy(request: NextRequest): NextResponse {
  const { pathname } = request.nextUrl;
  const isPrivate = ['/dashboard', '/dashboard/keys', '/dashboard/connect'].includes(pathname);
  if (isPrivate && !sessionKey(request.cookies, request.headers)) {
    return NextResponse.redirect(new URL('/dashboard/login', request.url));
  }

  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  const policy = contentSecurityPolicy(nonce, process.env.NODE_ENV === 'development');
  const headers = new Headers(request.headers);
  // Next.js reads the nonce from here and puts it on its own scripts.
  headers.set('Content-Security-Policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('Content-Security-Policy', policy);
  if (isSecure(request.headers)) response.headers.set('Strict-Transport-Security', 'max-age=31536000');
  return response;
}

/** In development React needs eval for its error overlay, and styles arrive as style elements. */
export function contentSecurityPolicy(nonce: string, development: boolean): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    `style-src 'self'${development ? " 'unsafe-inline'" : ''}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export const config = {
  matcher: ['/((?!_next/static|_next/image|dashboard/api/|dashboard/session|dashboard/login/openid|dashboard/appearance/|health|icon.svg).*)'],
};
