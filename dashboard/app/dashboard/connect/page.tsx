import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { Suspense } from 'react';
import { listModels, read } from '@/app/lib/api';
import { pageSession } from '@/app/lib/server/connection';
import { ownKey } from '@/app/lib/server/own-key';
import { settings } from '@/app/lib/server/settings';
import { speech } from '@/app/lib/server/speech';
import type { OwnKey } from '@/app/lib/session';
import { BarredBanner } from '@/app/ui/barred';
import { PanelSkeleton, Waiting } from '@/app/ui/panel';
import { Connect } from './connect';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.connect.title };
}

export default async function ConnectPage() {
  const session = await pageSession();
  if (!session) redirect('/dashboard/login');
  const { via, key } = session;
  const { m } = await speech();
  return (
    <>
      <h1 className="text-xl">{m.connect.title}</h1>
      <p className="mt-0.5 mb-3 text-soft">{m.connect.lead}</p>
      <BarredBanner />
      <Suspense
        fallback={
          <PanelSkeleton title={m.connect.setUp}>
            <Waiting className="h-[480px]" />
          </PanelSkeleton>
        }
      >
        <Connect address={settings().publicApiUrl} models={listModels(via)} own={ownKey(via, key).then((answer) => read<OwnKey>(answer))} />
      </Suspense>
    </>
  );
}
