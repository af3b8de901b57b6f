'use client';

import { useEffect, useState } from 'react';
import type { ApiError, Result } from '@/app/lib/api';
import type { Messages } from '@/app/lib/i18n';
import { button } from './button';
import { useNow, useReset } from './clock';
import { useSpeech } from './preferences';

interface TroubleProps {
  error: ApiError;
  /** Missing where the page cannot simply ask again. */
  retry?: () => void;
  busy?: boolean;
  /** Whether the page asks again by itself; a form does not. */
  automatic?: boolean;
  stale?: boolean;
  /** In place of the usual title and hint, where the caller knows what the error means. */
  words?: { title: string; hint: string };
}

/** Shows an error, what to do next, and a button for it. */
export function Trouble({ error, retry, busy = false, automatic = false, stale = false, words }: TroubleProps) {
  const { m } = useSpeech();
  const secondsLeft = useCountdown(error);
  const hint = useHint(error, automatic, secondsLeft);
  return (
    <div role="alert" className="rounded-md border border-line bg-warn-wash px-2 py-1.5 text-sm" data-trouble={error.kind}>
      <p className="font-bold text-warn">{words?.title ?? titleOf(error, m)}</p>
      <p>{words?.hint ?? hint}</p>
      {(error.kind === 'insufficient_scope' || error.kind === 'conflict') && error.message ? (
        <p className="mt-0.5 text-soft">
          {m.trouble.said} <span lang="en">{error.message}</span>
        </p>
      ) : null}
      {error.kind === 'server' && error.requestId ? (
        <p className="text-soft">
          <Reference id={error.requestId} />
        </p>
      ) : null}
      {stale ? <p className="text-soft">{m.trouble.stale}</p> : null}
      {error.kind === 'unauthorized' ? (
        <a className={`${button.plain} mt-0.5 inline-block`} href="/dashboard/login">
          {m.trouble.signIn}
        </a>
      ) : null}
      {retry && canRetry(error) ? (
        <button type="button" className={`${button.quiet} mt-1`} disabled={busy || secondsLeft > 0} onClick={retry}>
          {m.trouble.retry}
        </button>
      ) : null}
    </div>
  );
}

function Reference({ id }: { id: string }) {
  const { m } = useSpeech();
  const [before, after] = m.trouble.reference.split('{id}');
  return (
    <>
      {before}
      <code className="font-mono break-all">{id}</code>
      {after}
    </>
  );
}

function canRetry(error: ApiError): boolean {
  return !['unauthorized', 'quota_exceeded', 'invalid', 'insufficient_scope'].includes(error.kind);
}

function titleOf(error: ApiError, m: Messages): string {
  const titles: Record<ApiError['kind'], string> = {
    network: m.trouble.network,
    csp: m.trouble.csp,
    unauthorized: m.trouble.unauthorized,
    suspended: m.trouble.suspended,
    insufficient_scope: m.trouble.scope,
    ip_not_allowed: m.trouble.address,
    rate_limited: m.trouble.rateLimited,
    quota_exceeded: m.trouble.quota,
    not_found: m.trouble.notFound,
    conflict: m.trouble.conflict,
    invalid: m.trouble.invalid,
    server: m.trouble.server,
  };
  return titles[error.kind];
}

function useHint(error: ApiError, automatic: boolean, secondsLeft: number): string {
  const { m, fill, plural } = useSpeech();
  const reset = useReset();
  switch (error.kind) {
    case 'network':
      return automatic ? m.trouble.networkHint : m.login.reasons.unavailable;
    case 'csp':
      return m.trouble.cspHint;
    case 'unauthorized':
      return m.trouble.unauthorizedHint;
    case 'suspended':
      return m.trouble.suspendedHint;
    case 'insufficient_scope':
      return m.trouble.scopeHint;
    case 'ip_not_allowed':
      return m.trouble.addressHint;
    case 'rate_limited':
      return plural(m.trouble.rateLimitedHint, secondsLeft);
    case 'quota_exceeded':
      return fill(m.trouble.quotaHint, { reset: `${reset.utc} ${reset.local}`.trim() });
    case 'not_found':
      return m.trouble.notFoundHint;
    case 'conflict':
      return m.trouble.conflictHint;
    case 'invalid':
      return Object.values(error.fields).join(' ') || error.message;
    case 'server':
      return automatic ? m.trouble.serverHint : m.trouble.failedOnce;
  }
}

/** The whole seconds until a rate-limited call has room again; 0 for every other error. */
function useCountdown(error: ApiError): number {
  const now = useNow(1000);
  const [since, setSince] = useState<{ error: ApiError; at: number } | null>(null);
  useEffect(() => {
    const started = setTimeout(() => setSince({ error, at: Date.now() }), 0);
    return () => clearTimeout(started);
  }, [error]);
  if (error.kind !== 'rate_limited') return 0;
  if (!now || since?.error !== error) return error.retryAfterSeconds;
  const passed = Math.max(0, Math.floor((now.getTime() - since.at) / 1000) + 1);
  return Math.max(0, error.retryAfterSeconds - passed);
}

/** Announces the outcome of an action: the error, or nothing. */
export function TroubleOf({ result }: { result: Result<unknown> | null }) {
  return result && !result.ok ? <Trouble error={result.error} /> : null;
}
