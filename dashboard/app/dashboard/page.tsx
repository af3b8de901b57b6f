import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import {
  bothOf,
  getDashboardOverview,
  getUsageCredits,
  getUsageDetailed,
  getUsageHistory,
  getUsageHourly,
  getUsageModels,
  getUsageRefusals,
  validateToken,
  type Account,
} from '@/app/lib/api';
import { pageSession } from '@/app/lib/server/connection';
import { speech } from '@/app/lib/server/speech';
import { chargesPage, daysFrom, mostRefusals } from './ranges';
import { UsageBoard } from './usage-board';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.overview.title };
}

/** Starts every panel's request at once and lets each arrive when it does. */
export default async function Overview({ searchParams }: { searchParams: Promise<{ days?: string | string[] }> }) {
  const session = await pageSession();
  if (!session) redirect('/dashboard/login');
  const { via, key } = session;
  const overview = getDashboardOverview(via);
  const days = daysFrom((await searchParams).days);
  // Any key may ask whose it is. Only where it may not see more is that worth a call.
  const bareAccount = async (): Promise<Account | null> => {
    const answer = await overview;
    if (answer.ok || answer.error.kind !== 'insufficient_scope') return null;
    const validation = await validateToken(key, via);
    return validation.ok ? validation.value.user : null;
  };
  return (
    <UsageBoard
      days={days}
      today={new Date().toISOString().slice(0, 10)}
      figures={bothOf(overview, getUsageCredits(via))}
      account={bareAccount()}
      history={getUsageHistory(days, via)}
      models={getUsageModels(days, via)}
      hours={getUsageHourly(undefined, via)}
      charges={getUsageDetailed(chargesPage(days, 0), via)}
      refusals={getUsageRefusals(mostRefusals, via)}
    />
  );
}
