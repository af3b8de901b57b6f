import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import {
  getDashboardOverview,
  getUsageDetailed,
  getUsageHistory,
  getUsageHourly,
  getUsageModels,
} from '@/app/lib/api';
import { pageConnection } from '@/app/lib/server/connection';
import { speech } from '@/app/lib/server/speech';
import { chargesPage, daysFrom } from './ranges';
import { UsageBoard } from './usage-board';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.overview.title };
}

/** Starts every panel's request at once and lets each arrive when it does. */
export default async function Overview({ searchParams }: { searchParams: Promise<{ days?: string | string[] }> }) {
  const via = await pageConnection();
  if (!via) redirect('/dashboard/login');
  const days = daysFrom((await searchParams).days);
  return (
    <UsageBoard
      days={days}
      today={new Date().toISOString().slice(0, 10)}
      overview={getDashboardOverview(via)}
      history={getUsageHistory(days, via)}
      models={getUsageModels(days, via)}
      hours={getUsageHourly(undefined, via)}
      charges={getUsageDetailed(chargesPage(days, 0), via)}
    />
  );
}
