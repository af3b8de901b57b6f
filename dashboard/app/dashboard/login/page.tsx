import type { Metadata } from 'next';
import { cookies, headers } from 'next/headers';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { docsIn } from '@/app/docs/messages';
import { demoCustomers, isDemo } from '@/app/lib/server/demo';
import { sessionKey } from '@/app/lib/server/session';
import { signInWays } from '@/app/lib/server/sign-in-ways';
import { speech } from '@/app/lib/server/speech';
import { button } from '@/app/ui/button';
import { Card, Notice, Or } from './card';
import { EmailSignIn } from './email-sign-in';
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
  const text = aboutKey ?? reasonFor(words.reasons);
  const notice = text ? <Notice>{text}</Notice> : null;
  const title = ways.registration && (ways.mail || ways.openid) ? words.titleWithAccount : m.login.title;
  const keySection = (
    <KeySection words={words} open={aboutKey !== undefined && reason !== 'unavailable'}>
      <KeyForm />
    </KeySection>
  );
  if (ways.mail) {
    return (
      <EmailSignIn words={{ mail: words.mail, sent: words.sent }} title={title} lead={ways.registration ? words.mail.leadWithAccount : words.mail.lead} notice={notice}>
        {ways.openid ? (
          <>
            <Or text={words.or} />
            <OpenIDForm words={words.openid} look={button.quiet} />
          </>
        ) : null}
        {keySection}
      </EmailSignIn>
    );
  }
  return (
    <Card title={title}>
      {notice}
      {ways.openid ? (
        <>
          {ways.registration ? <p className="mt-1 mb-3 text-soft">{words.openid.accounts}</p> : <div className="mt-3" />}
          <OpenIDForm words={words.openid} look={button.primary} />
          {keySection}
        </>
      ) : (
        <KeyForm />
      )}
    </Card>
  );
}

/** A form without a script of its own: the browser leaves for the provider. */
function OpenIDForm({ words, look }: { words: SignInWords['openid']; look: string }) {
  return (
    <form method="post" action="/dashboard/login/openid">
      <button type="submit" className={`${look} min-h-6 w-full text-base`}>
        {words.submit}
      </button>
    </form>
  );
}

/** How long such a sign-in lasts, and the key after the other ways, closed until it is wanted. */
function KeySection({ words, open, children }: { words: SignInWords; open: boolean; children: ReactNode }) {
  return (
    <>
      <p className="mt-2 text-sm text-soft">{words.stay}</p>
      <details open={open} className="mt-3 border-t border-line pt-2">
        <summary className={`${button.plain} w-fit`}>{words.key}</summary>
        {children}
      </details>
    </>
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
