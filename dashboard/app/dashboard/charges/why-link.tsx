'use client';

import Link from 'next/link';
import { Suspense, useState, type MouseEvent } from 'react';
import { explainCharge, type Charge } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { Why } from './why';

/** Leads to the page that explains a charge; a plain click calls `onOpen` instead. */
export function WhyLink({ charge: { id, model, created_at: at }, onOpen }: { charge: Charge; onOpen: () => void }) {
  const { m, time } = useSpeech();
  const click = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onOpen();
  };
  return (
    <Link href={`/dashboard/charges/${id}`} prefetch={false} className={`${button.plain} whitespace-nowrap`} onClick={click}>
      {m.why.link}
      <span className="sr-only">
        : {model}, {time(at)} UTC
      </span>
    </Link>
  );
}

/** The explanation over the page that it was opened from. The request is made once, when it opens. */
export function WhyDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { m } = useSpeech();
  const [explained] = useState(() => explainCharge(id));
  return (
    <Dialog title={m.why.title} onClose={onClose}>
      <Suspense fallback={<Waiting className="h-[320px]" />}>
        <Why id={id} initial={explained} />
      </Suspense>
      <p className="mt-2 flex justify-end">
        <button type="button" className={button.quiet} onClick={onClose}>
          {m.why.close}
        </button>
      </p>
    </Dialog>
  );
}
