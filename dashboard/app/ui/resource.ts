'use client';

import { use, useCallback, useEffect, useEffectEvent, useState } from 'react';
import type { ApiError, Result } from '@/app/lib/api';
import { useSession, type Bar } from './session';

/** What a panel shows: the last good value, and the error since then, if any. */
export interface Resource<T> {
  value: T | null;
  error: ApiError | null;
  /** A fetch is under way; `value` may belong to what was asked for before. */
  busy: boolean;
  reload: () => void;
}

interface Held<T> {
  scope: string;
  request: number;
  value: T | null;
  error: ApiError | null;
  failures: number;
}

/**
 * A value that the server started to load with the page. It is reloaded when
 * `scope` (a name of the request) changes, on `reload`, and automatically after a
 * temporary failure. A 401 ends the session.
 */
export function useResource<T>(
  initial: Promise<Result<T>>,
  scope: string,
  load: (signal: AbortSignal) => Promise<Result<T>>,
): Resource<T> {
  const first = use(initial);
  const session = useSession();
  const [request, setRequest] = useState(0);
  const [held, setHeld] = useState<Held<T>>(() => hold(null, scope, 0, first));
  const busy = held.scope !== scope || held.request !== request;
  const reload = useCallback(() => setRequest((n) => n + 1), []);

  const loadAsAsked = useEffectEvent(load);
  useEffect(() => {
    if (!busy) return;
    const abort = new AbortController();
    void loadAsAsked(abort.signal).then((result) => {
      if (!abort.signal.aborted) setHeld((before) => hold(before, scope, request, result));
    });
    return () => abort.abort();
  }, [busy, scope, request]);

  const waitMs = busy || !held.error ? null : retryDelayMs(held.error, held.failures);
  useEffect(() => {
    if (waitMs === null) return;
    const timer = setTimeout(reload, waitMs);
    return () => clearTimeout(timer);
  }, [waitMs, held.request, reload]);

  const { checkEnd, setBarred } = session;
  useEffect(() => {
    if (busy) return;
    setBarred(barOf(held.error));
    if (held.error?.kind === 'unauthorized' && held.failures <= 3) {
      void checkEnd().then((over) => over || reload());
    }
  }, [busy, held, checkEnd, setBarred, reload]);

  return { value: held.value, error: held.error, busy, reload };
}

function hold<T>(before: Held<T> | null, scope: string, request: number, result: Result<T>): Held<T> {
  if (result.ok) return { scope, request, value: result.value, error: null, failures: 0 };
  const sameScope = before?.scope === scope;
  return {
    scope,
    request,
    value: sameScope ? before.value : null,
    error: result.error,
    failures: sameScope ? before.failures + 1 : 1,
  };
}

export function barOf(error: ApiError | null): Bar | null {
  return error?.kind === 'suspended' || error?.kind === 'ip_not_allowed' ? error.kind : null;
}

const longestWaitMs = 30_000;

/** How long to wait before a retry; null when a retry cannot help. */
export function retryDelayMs(error: ApiError, failures: number): number | null {
  switch (error.kind) {
    case 'network':
    case 'server':
      return Math.min(longestWaitMs, 1000 * 2 ** failures);
    case 'rate_limited':
      return error.retryAfterSeconds * 1000;
    case 'suspended':
      return longestWaitMs;
    default:
      return null;
  }
}
