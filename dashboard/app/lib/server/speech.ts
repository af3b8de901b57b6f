import { cookies, headers } from 'next/headers';
import { chooseLanguage, languageCookie, messagesIn, type Language, type Messages } from '../i18n';

/** The viewer's language and the messages in it. */
export async function speech(): Promise<{ language: Language; m: Messages }> {
  const [jar, requestHeaders] = await Promise.all([cookies(), headers()]);
  const language = chooseLanguage(jar.get(languageCookie)?.value, requestHeaders.get('accept-language'));
  return { language, m: messagesIn(language) };
}
