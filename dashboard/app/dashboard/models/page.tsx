import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { Suspense } from 'react';
import { getUsageSpeed, listModels } from '@/app/lib/api';
import { pageSession } from '@/app/lib/server/connection';
import { speech } from '@/app/lib/server/speech';
import { BarredBanner } from '@/app/ui/barred';
import { PanelSkeleton, Waiting } from '@/app/ui/panel';
import { speedDays } from '../ranges';
import { ModelsOffered } from './models-offered';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.offer.title };
}

export default async function Models() {
  const session = await pageSession();
  if (!session) redirect('/dashboard/login');
  const { m } = await speech();
  return (
    <>
      <h1 className="text-xl">{m.offer.title}</h1>
      <p className="mt-0.5 mb-3 text-soft">{m.offer.lead}</p>
      <BarredBanner />
      <Suspense
        fallback={
          <PanelSkeleton title={m.offer.list}>
            <Waiting className="h-[320px]" />
          </PanelSkeleton>
        }
      >
        <ModelsOffered models={listModels(session.via)} speed={getUsageSpeed(speedDays, session.via)} />
      </Suspense>
    </>
  );
}
