'use client';

import { useState } from 'react';
import { recordUsage, type ChargeReceipt, type Result } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { Missing } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useSession } from '@/app/ui/session';
import { TroubleOf } from '@/app/ui/trouble';

/** Sends one real charge with the viewer's own key, so that they see what a program of theirs would. */
export function TryIt({ signedIn }: { signedIn: boolean }) {
  const { m, fill, number } = useSpeech();
  const { checkEnd } = useSession();
  const [working, setWorking] = useState(false);
  const [answer, setAnswer] = useState<Result<ChargeReceipt> | null>(null);

  const charge = async () => {
    setWorking(true);
    const result = await recordUsage({ credits: 1, model: 'dashboard-test' }, crypto.getRandomValues(new Uint32Array(4)).join('-'));
    setWorking(false);
    setAnswer(result);
    if (!result.ok && result.error.kind === 'unauthorized') await checkEnd();
  };

  if (!signedIn) return <p className="text-soft">{m.tryIt.signedOut}</p>;
  return (
    <>
      <p>{m.tryIt.lead}</p>
      <button type="button" className={`${button.primary} my-2`} disabled={working} onClick={() => void charge()}>
        {working ? m.tryIt.working : m.tryIt.submit}
      </button>
      <p role="status" className="text-sm font-semibold text-good">
        {answer?.ok
          ? fill(m.tryIt.recorded, {
              used: number(answer.value.credits_used),
              limit: number(answer.value.daily_limit),
              left: number(answer.value.remaining),
            })
          : ''}
      </p>
      {answer && !answer.ok && answer.error.kind === 'insufficient_scope' ? <Missing sentence={m.missing.charge} /> : <TroubleOf result={answer} />}
    </>
  );
}
