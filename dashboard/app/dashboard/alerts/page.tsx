import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { getAlerts } from '@/app/lib/api';
import { pageSession } from '@/app/lib/server/connection';
import { speech } from '@/app/lib/server/speech';
import { BarredBanner } from '@/app/ui/barred';
import { AlertsPanel } from './alerts-panel';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.alerts.title };
}

export default async function AlertsPage({ searchParams }: { searchParams: Promise<{ outcome?: string | string[] }> }) {
  const session = await pageSession();
  if (!session) redirect('/dashboard/login');
  const { m } = await speech();
  const { outcome } = await searchParams;
  return (
    <>
      <h1 className="text-xl">{m.alerts.title}</h1>
      <p className="mt-0.5 mb-3 text-soft">{m.alerts.lead}</p>
      <BarredBanner />
      <div className="max-w-[640px]">
        {/* Not streamed, so that the form stands without scripts, too. */}
        <AlertsPanel initial={getAlerts(session.via)} outcome={outcome === 'saved' || outcome === 'failed' ? outcome : null} />
      </div>
    </>
  );
}
