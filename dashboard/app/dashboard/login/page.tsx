import type { Metadata } from 'next';
import { cookies, headers } from 'next/headers';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { docsIn } from '@/app/docs/messages';
import { demoCustomers, isDemo } from '@/app/lib/server/demo';
import { sessionKey } from '@/app/lib/server/session';
import { speech } from '@/app/lib/server/speech';
import { button } from '@/app/ui/button';
import { LoginForm } from './login-form';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.login.title };
}

export default async function Login({ searchParams }: { searchParams: Promise<{ reason?: string | string[] }> }) {
  const [{ language, m }, { reason }, jar, requestHeaders, inDemo] = await Promise.all([speech(), searchParams, cookies(), headers(), isDemo()]);
  // With a reason one was sent here; to send them back would be a loop.
  if (reason === undefined && sessionKey(jar, requestHeaders)) redirect('/dashboard');
  const notice = Object.entries(m.login.reasons).find(([name]) => name === reason)?.[1];
  return (
    <div className="mx-auto max-w-[528px] rounded-md border border-line bg-surface p-2 sm:mt-4 sm:p-4">
      <h1 className="text-xl">{m.login.title}</h1>
      <p className="mt-1 text-soft">{m.login.lead}</p>
      {notice ? (
        <p role="status" className="mt-3 rounded-md border border-line bg-warn-wash px-2 py-1.5 text-sm text-warn">
          {notice}
        </p>
      ) : null}
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
    </div>
  );
}
