import type { NextRequest, NextResponse } from 'next/server';
import { chooseLanguage, languageCookie } from '@/app/lib/i18n';
import { refuse, refuseForeign } from '@/app/lib/server/answer';
import { isForm, readFields } from '@/app/lib/server/body';
import { browserSecret, newBrowserSecret, storeBrowserSecret } from '@/app/lib/server/browser';
import { isSameOrigin } from '@/app/lib/server/session';
import { ask, backToSignIn, seeOther } from '@/app/lib/server/sign-in';

/** The longest address that a mailbox can have. */
const mostEmail = 254;

/** Asks the service for a link by mail, for this browser. What is answered does not say whether the address is known. */
export async function POST(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const email = (await readFields(request))?.email?.trim() ?? '';
  const byForm = isForm(request.headers);
  if (!/^[^@\s]+@[^@\s]+$/.test(email) || email.length > mostEmail) {
    return byForm ? backToSignIn('address') : refuse(422, 'validation_failed', 'Send an e-mail address as {"email": "…"}.');
  }
  // A second link of this browser does not make the first one somebody else's.
  const browser = browserSecret(request.cookies, request.headers) ?? newBrowserSecret();
  const language = chooseLanguage(request.cookies.get(languageCookie)?.value, request.headers.get('accept-language'));
  const answer = await ask('/api/session/link', { email, browser, language }, request.headers);
  const response = !byForm ? answer : answer.ok ? seeOther('/dashboard/login/sent') : backToSignIn(answer.status === 422 ? 'address' : answer.status === 429 ? 'limit' : 'unavailable');
  if (answer.ok) storeBrowserSecret(response, browser, request.headers);
  return response;
}
