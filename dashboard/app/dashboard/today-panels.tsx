'use client';

import Link from 'next/link';
import { use, useEffect, useEffectEvent, useRef } from 'react';
import { getToday, ownServer, type Account, type Overview, type Result, type TodayFigures } from '@/app/lib/api';
import type { Messages } from '@/app/lib/i18n';
import { button } from '@/app/ui/button';
import { Frame, Missing, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource, type Resource } from '@/app/ui/resource';
import { SignOutEverywhere, useSession } from '@/app/ui/session';
import { CreditFigures } from './credit-figures';

interface TodayProps {
  initial: Promise<Result<TodayFigures>>;
  /** Whose key it is, where the key may read that and no more. */
  account: Promise<Account | null>;
  /** Called when today's usage has changed, with its UTC date. */
  onChange: (date: string) => void;
}

/** Every request counts in the key's rate limit, so the page refreshes twice a minute and only while it is visible. */
const refreshEveryMs = 30_000;

/** What can still be used, and the account, watched while the page is open. */
export function TodayPanels({ initial, account: bare, onChange }: TodayProps) {
  const { m } = useSpeech();
  const today = useResource(initial, 'today', (signal) => getToday({ ...ownServer, signal }));
  useWatch(today);
  useChange(today.value?.overview ?? null, onChange);
  if (today.error?.kind === 'insufficient_scope' && today.value === null) return <WithoutUsage account={bare} />;
  const skeleton = <Waiting className="h-[176px]" />;
  // While both panels have a value, only one shows the error.
  const account = today.value ? { ...today, error: null } : today;
  return (
    <>
      <Panel
        title={m.credits.title}
        className="lg:col-span-2"
        resource={today}
        skeleton={skeleton}
        missing={m.missing.usage}
        aside={
          <button type="button" className={button.quiet} disabled={today.busy} onClick={today.reload}>
            {m.overview.refresh}
          </button>
        }
      >
        {({ overview, credits }) => <CreditFigures credits={credits} requests={overview.usage.request_count} keyLimit={overview.key?.daily_credit_limit ?? null} />}
      </Panel>
      <Panel title={m.overview.account} resource={account} skeleton={skeleton}>
        {({ overview }) => <AccountFacts overview={overview} />}
      </Panel>
    </>
  );
}

function useWatch({ busy, error, reload }: Resource<TodayFigures>) {
  const refresh = useEffectEvent(() => {
    // After a failure the resource itself retries.
    if (!busy && !error && document.visibilityState === 'visible') reload();
  });
  useEffect(() => {
    const timer = setInterval(() => refresh(), refreshEveryMs);
    return () => clearInterval(timer);
  }, []);
}

function useChange(value: Overview | null, onChange: (date: string) => void) {
  const before = useRef<string | null>(null);
  useEffect(() => {
    if (!value) return;
    const { date, credits_used, request_count } = value.usage;
    const figures = `${date} ${credits_used} ${request_count}`;
    if (before.current !== null && before.current !== figures) onChange(date);
    before.current = figures;
  }, [value, onChange]);
}

/** All that a key may see that may not read usage: whose it is. */
function WithoutUsage({ account }: { account: Promise<Account | null> }) {
  const { m } = useSpeech();
  const user = use(account);
  return (
    <Frame title={m.overview.account} className="lg:col-span-3">
      <Missing sentence={m.missing.usage} />
      <div className="w-full max-w-[528px]">{user ? <Facts rows={factsOf(user, user.status === 'active', m)} /> : null}</div>
      <ManageLink />
    </Frame>
  );
}

function AccountFacts({ overview: { user, key, degraded } }: { overview: Overview }) {
  const { m } = useSpeech();
  const { barred } = useSession();
  return (
    <>
      <Facts rows={[...factsOf(user, user.status === 'active' && barred !== 'suspended', m), ...(key ? [{ name: 'key', term: m.overview.key, text: key.label, code: `${key.prefix}…` }] : [])]} />
      {degraded ? <p className="mt-1 text-sm text-warn">{m.overview.degraded}</p> : null}
      <ManageLink />
      {key ? null : <SignOutEverywhere />}
    </>
  );
}

interface Fact {
  name: string;
  term: string;
  text: string;
  /** Whether a mark says good or bad beside the text. */
  good?: boolean;
  code?: string;
}

function factsOf(user: Account, isActive: boolean, m: Messages): Fact[] {
  return [
    { name: 'user', term: m.overview.user, text: user.name ? `${user.name}, ${user.email}` : user.email },
    { name: 'plan', term: m.overview.plan, text: user.plan },
    { name: 'status', term: m.overview.status, text: isActive ? m.overview.active : m.overview.suspended, good: isActive },
  ];
}

function Facts({ rows }: { rows: Fact[] }) {
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-2 gap-y-1 text-sm">
      {rows.map(({ name, term, text, good, code }) => (
        <div key={name} className="contents">
          <dt className="text-soft">{term}</dt>
          <dd className="min-w-0 text-right font-semibold" data-figure={name}>
            {good === undefined ? null : <span aria-hidden="true" className={`mr-0.5 inline-block size-1 rounded-full ${good ? 'bg-good' : 'bg-bad'}`} />}
            <bdi>{text}</bdi>
            {code === undefined ? null : <code className="block font-mono text-xs font-normal text-soft">{code}</code>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function ManageLink() {
  const { m } = useSpeech();
  return (
    <p className="mt-auto flex flex-wrap gap-x-3 pt-2 text-sm">
      <Link href="/dashboard/keys" prefetch={false} className={button.plain}>
        {m.overview.manage}
      </Link>
      <Link href="/dashboard/alerts" prefetch={false} className={button.plain}>
        {m.alerts.link}
      </Link>
    </p>
  );
}
