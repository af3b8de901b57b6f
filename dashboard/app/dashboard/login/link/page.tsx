import type { Metadata } from 'next';
import { cookies, headers } from 'next/headers';
import { browserSecret } from '@/app/lib/server/browser';
import { speech } from '@/app/lib/server/speech';
import { button } from '@/app/ui/button';
import { Card, Notice } from '../card';
import { signInWords } from '../messages';

export async function generateMetadata(): Promise<Metadata> {
  const { language } = await speech();
  return { title: signInWords(language).link.title };
}

/**
 * Where a link in a mail leads. Programs that follow the links of mails use
 * nothing up: only the button does. The token is in this page's address and form
 * alone; next.config.ts keeps it out of referrers and logs.
 */
export default async function LinkPage({ searchParams }: { searchParams: Promise<{ token?: string | string[] }> }) {
  const [{ language }, { token }, jar, requestHeaders] = await Promise.all([speech(), searchParams, cookies(), headers()]);
  const words = signInWords(language);
  const valid = typeof token === 'string' && /^[\w-]{16,200}$/.test(token);
  if (!valid || browserSecret(jar, requestHeaders) === null) {
    return (
      <Card title={words.link.title}>
        <Notice>{valid ? words.reasons.browser : words.reasons.link}</Notice>
        <p className="mt-3">
          <a href="/dashboard/login" className={button.primary}>
            {words.link.again}
          </a>
        </p>
      </Card>
    );
  }
  return (
    <Card title={words.link.title}>
      <p className="mt-1">{words.link.lead}</p>
      <form method="post" action="/dashboard/session/link">
        <input type="hidden" name="token" value={token} />
        <button type="submit" className={`${button.primary} mt-3 min-h-6 w-full text-base`}>
          {words.link.submit}
        </button>
      </form>
      <p className="mt-3 text-sm text-soft">{words.link.notYou}</p>
    </Card>
  );
}
