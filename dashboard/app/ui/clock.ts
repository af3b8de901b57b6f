'use client';

import { useCallback, useSyncExternalStore } from 'react';
import { nextMidnightUtc } from '@/app/lib/api';
import { localClock } from '@/app/lib/i18n';
import { useSpeech } from './preferences';

/** The time, updated every `stepMs`; null on the server, which does not know the viewer's. */
export function useNow(stepMs: number): Date | null {
  const subscribe = useCallback(
    (changed: () => void) => {
      const timer = setInterval(changed, Math.min(stepMs, 1000));
      return () => clearInterval(timer);
    },
    [stepMs],
  );
  const step = useSyncExternalStore(
    subscribe,
    () => Math.floor(Date.now() / stepMs),
    () => null,
  );
  return step === null ? null : new Date(step * stepMs);
}

/** When the quota resets: «00:00 UTC», and, which only the browser knows, «(07:00 your time), in 3 h 12 min». */
export function useReset(): { utc: string; local: string } {
  const { m, fill } = useSpeech();
  const now = useNow(60_000);
  if (!now) return { utc: m.reset.utc, local: '' };
  const reset = nextMidnightUtc(now);
  const minutes = Math.round((reset.getTime() - now.getTime()) / 60_000);
  const clock = fill(m.reset.local, { time: localClock(reset) });
  const wait = minutes < 60 ? fill(m.reset.minutes, { m: minutes }) : fill(m.reset.hours, { h: Math.floor(minutes / 60), m: minutes % 60 });
  return { utc: m.reset.utc, local: `${clock}, ${wait}` };
}
