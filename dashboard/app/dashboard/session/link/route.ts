import type { NextRequest, NextResponse } from 'next/server';
import { refuseForeign } from '@/app/lib/server/answer';
import { readFields } from '@/app/lib/server/body';
import { isSameOrigin } from '@/app/lib/server/session';
import { backToSignIn, enter } from '@/app/lib/server/sign-in';

/** Uses a link from a mail, once the viewer has pressed the button of its page. */
export async function POST(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers) && !hidesItsOrigin(request.headers)) return refuseForeign();
  const link = (await readFields(request))?.token;
  return link ? enter(request, '/api/session', { link }, 'link') : backToSignIn('link');
}

/**
 * The page of a link sends no referrer, and a browser that is too old for
 * Sec-Fetch-Site then sends «null» for its origin. The link needs the secret of
 * this browser anyway.
 */
function hidesItsOrigin(headers: Headers): boolean {
  return headers.get('sec-fetch-site') === null && headers.get('origin') === 'null';
}
