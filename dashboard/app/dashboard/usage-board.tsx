'use client';

import Link from 'next/link';
import { Suspense, use, useCallback, useState } from 'react';
import type { Account, Charge, FailedCall, ModelUsage, Result, TodayFigures, UsageDay, UsageHour } from '@/app/lib/api';
import { BarredBanner } from '@/app/ui/barred';
import { button } from '@/app/ui/button';
import { Frame, PanelSkeleton, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { ChargesPanel } from './charges-panel';
import { HistoryPanel } from './history-panel';
import { HoursPanel } from './hours-panel';
import { ModelsPanel } from './models-panel';
import type { Days } from './ranges';
import { RefusalsPanel } from './refusals-panel';
import { TodayPanels } from './today-panels';

interface UsageBoardProps {
  days: Days;
  /** The UTC date at which the page was drawn. */
  today: string;
  figures: Promise<Result<TodayFigures>>;
  account: Promise<Account | null>;
  history: Promise<Result<UsageDay[]>>;
  models: Promise<Result<ModelUsage[]>>;
  hours: Promise<Result<UsageHour[]>>;
  charges: Promise<Result<Charge[]>>;
  refusals: Promise<Result<FailedCall[]>>;
}

/** The overview page. What was used today is watched; when it changes, the other panels load again. */
export function UsageBoard(props: UsageBoardProps) {
  const { m } = useSpeech();
  const [days, setDays] = useState<Days>(props.days);
  const [today, setToday] = useState(props.today);
  const [revision, setRevision] = useState(0);

  const changed = useCallback((date: string) => {
    setToday(date);
    setRevision((n) => n + 1);
  }, []);
  const chooseDays = (chosen: Days) => {
    setDays(chosen);
    window.history.replaceState(null, '', `?days=${chosen}`);
  };

  return (
    <>
      <h1 className="mb-3 text-xl">{m.overview.title}</h1>
      <BarredBanner />
      <Suspense fallback={null}>
        <Welcome history={props.history} />
      </Suspense>
      <div className="grid grid-cols-1 gap-3 lg:grid-cols-3">
        <Suspense fallback={<TodaySkeleton />}>
          <TodayPanels initial={props.figures} account={props.account} onChange={changed} />
        </Suspense>
        <Suspense
          fallback={
            <PanelSkeleton title={m.history.title} className="lg:col-span-3">
              <Waiting className="h-[272px]" />
            </PanelSkeleton>
          }
        >
          <HistoryPanel initial={props.history} days={days} revision={revision} onDays={chooseDays} />
        </Suspense>
        <Suspense
          fallback={
            <PanelSkeleton title={m.models.title} className="lg:col-span-2">
              <Waiting className="h-[272px]" />
            </PanelSkeleton>
          }
        >
          <ModelsPanel initial={props.models} days={days} revision={revision} />
        </Suspense>
        <Suspense
          fallback={
            <PanelSkeleton title={m.hours.title}>
              <Waiting className="h-[272px]" />
            </PanelSkeleton>
          }
        >
          <HoursPanel initial={props.hours} today={today} revision={revision} />
        </Suspense>
        <Suspense
          fallback={
            <PanelSkeleton title={m.refusals.title} className="lg:col-span-3">
              <Waiting className="h-[160px]" />
            </PanelSkeleton>
          }
        >
          <RefusalsPanel initial={props.refusals} revision={revision} />
        </Suspense>
        <Suspense
          fallback={
            <PanelSkeleton title={m.charges.title} className="lg:col-span-3">
              <Waiting className="h-[480px]" />
            </PanelSkeleton>
          }
        >
          <ChargesPanel initial={props.charges} days={days} revision={revision} />
        </Suspense>
      </div>
    </>
  );
}

/** The first step, for a customer who has not called anything. */
function Welcome({ history }: { history: Promise<Result<UsageDay[]>> }) {
  const { m } = useSpeech();
  const days = use(history);
  if (!days.ok || days.value.some(({ request_count: requests }) => requests > 0)) return null;
  return (
    <Frame title={m.welcome.title} className="mb-3">
      <p className="max-w-[800px]">{m.welcome.lead}</p>
      <p className="mt-2">
        <Link href="/dashboard/connect" prefetch={false} className={button.primary}>
          {m.welcome.link}
        </Link>
      </p>
    </Frame>
  );
}

function TodaySkeleton() {
  const { m } = useSpeech();
  return (
    <>
      <PanelSkeleton title={m.credits.title} className="lg:col-span-2">
        <Waiting className="h-[184px] sm:h-[176px]" />
      </PanelSkeleton>
      <PanelSkeleton title={m.overview.account}>
        <Waiting className="h-[176px]" />
      </PanelSkeleton>
    </>
  );
}
