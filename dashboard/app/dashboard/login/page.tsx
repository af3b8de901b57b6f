import type { Metadata } from 'next';
import { cookies, headers } from 'next/headers';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { docsIn } from '@/app/docs/messages';
import { demoCustomers, isDemo } from '@/app/lib/server/demo';
import { sessionKey } from '@/app/lib/server/session';
import { signInWays, type SignInWays } from '@/app/lib/server/sign-in-ways';
import { speech } from '@/app/lib/server/speech';
import { button } from '@/app/ui/button';
import { Card, Notice, Or } from './card';
import { EmailForm } from './email-form';
import { LoginForm } from './login-form';
import { signInWords, type SignInWords } from './messages';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.login.title };
}

export default async function Login({ searchParams }: { searchParams: Promise<{ reason?: string | string[] }> }) {
  const [{ language, m }, { reason }, jar, requestHeaders, ways] = await Promise.all([speech(), searchParams, cookies(), headers(), signInWays()]);
  // With a reason one was sent here; to send them back would be a loop.
  if (reason === undefined && sessionKey(jar, requestHeaders)) redirect('/dashboard');
  const words = signInWords(language);
  const reasonFor = (reasons: Record<string, string>) => Object.entries(reasons).find(([name]) => name === reason)?.[1];
  const aboutKey = reasonFor(m.login.reasons);
  const notice = aboutKey ?? reasonFor(words.reasons);
  const forms = (['mail', 'openid'] as const).filter((way) => ways[way]);
  return (
    <Card title={ways.registration && forms.length > 0 ? words.titleWithAccount : m.login.title}>
      {notice ? <Notice>{notice}</Notice> : null}
      {forms.map((way, index) => (
        <div key={way}>
          {index > 0 ? <Or text={words.or} /> : null}
          {way === 'mail' ? <EmailForm words={{ mail: words.mail, sent: words.sent }} lead={ways.registration ? words.mail.leadWithAccount : words.mail.lead} /> : <OpenIDForm words={words.openid} ways={ways} />}
        </div>
      ))}
      {forms.length > 0 ? (
        <>
          <p className="mt-2 text-sm text-soft">{words.stay}</p>
          <KeySection words={words} open={aboutKey !== undefined && reason !== 'unavailable'}>
            <KeyForm />
          </KeySection>
        </>
      ) : (
        <KeyForm />
      )}
    </Card>
  );
}

/** A form without a script of its own: the browser leaves for the provider. */
function OpenIDForm({ words, ways }: { words: SignInWords['openid']; ways: SignInWays }) {
  return (
    <form method="post" action="/dashboard/login/openid">
      {ways.registration && !ways.mail ? <p className="mt-1 text-soft">{words.accounts}</p> : null}
      <button type="submit" className={ways.mail ? `${button.quiet} min-h-6 w-full text-base` : `${button.primary} mt-3 min-h-6 w-full text-base`}>
        {words.submit}
      </button>
    </form>
  );
}

/** The key after the other ways, closed until it is wanted. */
function KeySection({ words, open, children }: { words: SignInWords; open: boolean; children: ReactNode }) {
  return (
    <details open={open} className="mt-3 border-t border-line pt-2">
      <summary className={`${button.plain} w-fit`}>{words.key}</summary>
      {children}
    </details>
  );
}

async function KeyForm() {
  const [{ language, m }, inDemo] = await Promise.all([speech(), isDemo()]);
  return (
    <>
      <p className="mt-1 text-soft">{m.login.lead}</p>
      {inDemo ? (
        <p data-demo className="mt-3 rounded-md bg-sunken px-2 py-1.5 text-sm">
          {docsIn(language).demo.signIn} <code className="font-mono break-all">{demoCustomers[0]?.key}</code>
        </p>
      ) : null}
      <LoginForm />
      <p className="mt-3 text-sm text-soft">{m.login.kept}</p>
      <p className="mt-1 text-sm">
        <Link href="/docs" prefetch={false} className={button.plain}>
          {m.login.help}
        </Link>
      </p>
    </>
  );
}
