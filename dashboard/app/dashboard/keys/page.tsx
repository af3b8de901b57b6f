import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { Suspense } from 'react';
import { read } from '@/app/lib/api';
import { pageSession } from '@/app/lib/server/connection';
import { ownKey } from '@/app/lib/server/own-key';
import { settings } from '@/app/lib/server/settings';
import { speech } from '@/app/lib/server/speech';
import type { OwnKey } from '@/app/lib/session';
import { BarredBanner } from '@/app/ui/barred';
import { PanelSkeleton, Waiting } from '@/app/ui/panel';
import { KeyRing } from './key-ring';
import { listRows, pageRows } from './rows';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.keys.title };
}

export default async function Keys() {
  const session = await pageSession();
  if (!session) redirect('/dashboard/login');
  const { via, key } = session;
  const { m } = await speech();
  return (
    <>
      <h1 className="text-xl">{m.keys.title}</h1>
      <p className="mt-0.5 mb-3 text-soft">{m.keys.lead}</p>
      <BarredBanner />
      <Suspense
        fallback={
          <PanelSkeleton title={m.keys.list}>
            <Waiting className="h-[320px]" />
          </PanelSkeleton>
        }
      >
        <KeyRing address={settings().publicApiUrl} keys={listRows(pageRows, via)} own={ownKey(via, key).then((answer) => read<OwnKey>(answer))} />
      </Suspense>
    </>
  );
}
