import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { explainCharge } from '@/app/lib/api';
import { pageSession } from '@/app/lib/server/connection';
import { speech } from '@/app/lib/server/speech';
import { BarredBanner } from '@/app/ui/barred';
import { button } from '@/app/ui/button';
import { Frame } from '@/app/ui/panel';
import { Why } from '../why';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.why.title };
}

/** A charge by its own address, for a link to send, and for browsers without scripts. */
export default async function ChargePage({ params }: { params: Promise<{ id: string }> }) {
  const session = await pageSession();
  if (!session) redirect('/dashboard/login');
  const { id } = await params;
  const { m } = await speech();
  return (
    <>
      <h1 className="mb-3 text-xl">{m.why.title}</h1>
      <BarredBanner />
      <div className="max-w-[640px]">
        {/* Not streamed, so that it stands without scripts, too. */}
        <Frame title={m.why.lines}>
          <Why id={id} initial={explainCharge(id, session.via)} />
        </Frame>
        <p className="mt-2">
          <Link href="/dashboard" prefetch={false} className={button.plain}>
            {m.why.back}
          </Link>
        </p>
      </div>
    </>
  );
}
