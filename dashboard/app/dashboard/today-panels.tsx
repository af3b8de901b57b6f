'use client';

import Link from 'next/link';
import { use, useEffect, useEffectEvent, useRef } from 'react';
import { getDashboardOverview, ownServer, type Account, type Overview, type Result } from '@/app/lib/api';
import type { Messages } from '@/app/lib/i18n';
import { button } from '@/app/ui/button';
import { useReset } from '@/app/ui/clock';
import { Frame, Missing, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource, type Resource } from '@/app/ui/resource';
import { SignOutEverywhere, useSession } from '@/app/ui/session';

interface TodayProps {
  initial: Promise<Result<Overview>>;
  /** Whose key it is, where the key may read that and no more. */
  account: Promise<Account | null>;
  /** Called when today's usage has changed, with its UTC date. */
  onChange: (date: string) => void;
}

/** Every request counts in the key's rate limit, so the page refreshes twice a minute and only while it is visible. */
const refreshEveryMs = 30_000;

/** Today's usage and the account: one answer of the API, watched while the page is open. */
export function TodayPanels({ initial, account: bare, onChange }: TodayProps) {
  const { m } = useSpeech();
  const overview = useResource(initial, 'overview', (signal) => getDashboardOverview({ ...ownServer, signal }));
  useWatch(overview);
  useChange(overview.value, onChange);
  if (overview.error?.kind === 'insufficient_scope' && overview.value === null) return <WithoutUsage account={bare} />;
  const skeleton = <Waiting className="h-[176px]" />;
  // While both panels have a value, only one shows the error.
  const account = overview.value ? { ...overview, error: null } : overview;
  return (
    <>
      <Panel
        title={m.overview.today}
        className="lg:col-span-2"
        resource={overview}
        skeleton={skeleton}
        missing={m.missing.usage}
        aside={
          <button type="button" className={button.quiet} disabled={overview.busy} onClick={overview.reload}>
            {m.overview.refresh}
          </button>
        }
      >
        {(value) => <Today {...value.usage} />}
      </Panel>
      <Panel title={m.overview.account} resource={account} skeleton={skeleton}>
        {(value) => <AccountFacts overview={value} />}
      </Panel>
    </>
  );
}

function useWatch({ busy, error, reload }: Resource<Overview>) {
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

function Today({ credits_used: used, daily_limit: limit, request_count: requests }: Overview['usage']) {
  const { m, fill, number, plural } = useSpeech();
  const reset = useReset();
  const left = Math.max(0, limit - used);
  const isUsedUp = left === 0;
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-1">
        <p>
          <span className="block text-sm text-soft">{m.overview.creditsUsed}</span>
          <span className="text-2xl font-bold" data-figure="credits_used">
            {number(used)}
          </span>{' '}
          <span className="text-soft" data-figure="daily_limit">
            {fill(m.overview.of, { limit: number(limit) })}
          </span>
        </p>
        <p className="sm:text-right">
          <span className="block text-sm text-soft">{m.overview.requests}</span>
          <span className="text-xl font-bold" data-figure="request_count">
            {number(requests)}
          </span>
        </p>
      </div>
      <div role="meter" aria-label={m.overview.creditsUsed} aria-valuemin={0} aria-valuemax={limit} aria-valuenow={Math.min(used, limit)} className="my-2">
        <svg aria-hidden="true" width="100%" height="16" className="rounded-full">
          <rect width="100%" height="16" className="fill-sunken" />
          <rect width={`${limit === 0 ? 100 : Math.min(100, (used / limit) * 100)}%`} height="16" rx="8" className={isUsedUp ? 'fill-bad' : 'fill-chart'} />
        </svg>
      </div>
      {/* Announced when it changes while the page is open. */}
      <div role="status" className="flex flex-wrap justify-between gap-x-3 text-sm">
        <p className={isUsedUp ? 'font-bold text-bad' : 'font-semibold'} data-figure="left">
          {isUsedUp ? m.overview.usedUp : plural(m.overview.left, left)}
        </p>
      </div>
      <p className="text-sm text-soft" data-figure="reset">
        {fill(m.overview.resets, { reset: reset.utc })}{' '}
        {/* A block of its own: what the browser adds must not count as repainting the sentence. */}
        <span className="inline-block">{reset.local}</span>
      </p>
      {isUsedUp ? <p className="text-sm text-soft">{m.overview.usedUpHint}</p> : null}
    </>
  );
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
    <p className="mt-auto pt-2 text-sm">
      <Link href="/dashboard/keys" prefetch={false} className={button.plain}>
        {m.overview.manage}
      </Link>
    </p>
  );
}
