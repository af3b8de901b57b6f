import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { Suspense } from 'react';
import { getDashboardOverview, listKeys } from '@/app/lib/api';
import { pageConnection } from '@/app/lib/server/connection';
import { speech } from '@/app/lib/server/speech';
import { PanelSkeleton, Waiting } from '@/app/ui/panel';
import { SuspendedBanner } from '@/app/ui/suspended';
import { KeyRing } from './key-ring';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.keys.title };
}

export default async function Keys() {
  const via = await pageConnection();
  if (!via) redirect('/dashboard/login');
  const { m } = await speech();
  return (
    <>
      <h1 className="text-xl">{m.keys.title}</h1>
      <p className="mt-0.5 mb-3 text-soft">{m.keys.lead}</p>
      <SuspendedBanner />
      <Suspense
        fallback={
          <PanelSkeleton title={m.keys.list}>
            <Waiting className="h-[320px]" />
          </PanelSkeleton>
        }
      >
        <KeyRing keys={listKeys(via)} overview={getDashboardOverview(via)} />
      </Suspense>
    </>
  );
}
