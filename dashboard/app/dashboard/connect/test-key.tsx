'use client';

import { useState } from 'react';
import type { Charge, Result } from '@/app/lib/api';
import { testKey, type TestOutcome } from '@/app/lib/test-call';
import type { Wire } from '@/app/lib/tools';
import { button } from '@/app/ui/button';
import { useSpeech } from '@/app/ui/preferences';
import { useSession } from '@/app/ui/session';
import { TroubleOf } from '@/app/ui/trouble';

/** Makes one real call, as the tool would, and shows the answer and what it was charged. */
export function TestKey({ wire, model, apiKey }: { wire: Wire; model: string | null; apiKey: string | null }) {
  const { m } = useSpeech();
  const { checkEnd, signedInBy } = useSession();
  const [working, setWorking] = useState(false);
  const [result, setResult] = useState<Result<TestOutcome> | null>(null);

  const run = async () => {
    if (model === null) return;
    setWorking(true);
    const answer = await testKey({ wire, model, ...(apiKey === null ? {} : { key: apiKey }) });
    setWorking(false);
    setResult(answer);
    if (!answer.ok && answer.error.kind === 'unauthorized') await checkEnd();
  };

  // A session cannot call models.
  if (apiKey === null && signedInBy === 'session') return <p className="mt-3 border-t border-line pt-2 text-sm text-soft">{m.connect.testNeedsKey}</p>;
  return (
    <div className="mt-3 border-t border-line pt-2">
      <p className="text-sm">{apiKey === null ? m.connect.testOwn : m.connect.testLead}</p>
      <button type="button" className={`${button.primary} mt-1`} disabled={working || model === null} onClick={() => void run()}>
        {working ? m.connect.testing : m.connect.test}
      </button>
      <div role="status" className="mt-1">
        {result?.ok ? <Outcome outcome={result.value} /> : null}
      </div>
      <TroubleOf result={result} />
    </div>
  );
}

function Outcome({ outcome }: { outcome: TestOutcome }) {
  const { m, fill } = useSpeech();
  const [before, after] = m.trouble.reference.split('{id}');
  if (outcome.outcome === 'refused') {
    return (
      <div data-outcome="refused" className="rounded-md border border-line bg-warn-wash px-2 py-1.5 text-sm">
        <p className="font-bold text-warn">{fill(m.connect.refused, { status: outcome.status })}</p>
        {outcome.message ? (
          <p className="break-words">
            {m.trouble.said} <span lang="en">{outcome.message}</span>
          </p>
        ) : null}
        {outcome.request_id === null ? null : (
          <p className="text-soft">
            {before}
            <code className="font-mono break-all">{outcome.request_id}</code>
            {after}
          </p>
        )}
      </div>
    );
  }
  return (
    <div data-outcome="answered" className="rounded-md border border-line bg-sunken px-2 py-1.5 text-sm">
      <p className="font-bold text-good">{m.connect.answered}</p>
      <p data-answer className="break-words whitespace-pre-line">
        <bdi>{outcome.text || m.connect.noText}</bdi>
      </p>
      {outcome.charge === null ? <p className="mt-0.5 text-soft">{m.connect.chargeUnknown}</p> : <Charged charge={outcome.charge} />}
    </div>
  );
}

function Charged({ charge }: { charge: Charge }) {
  const { m, fill, plural, number, cost } = useSpeech();
  return (
    <>
      <p data-charge className="mt-0.5 font-semibold">
        {fill(m.connect.charged, {
          credits: plural(m.history.creditCount, charge.credits),
          prompt: number(charge.prompt_tokens),
          completion: number(charge.completion_tokens),
        })}
        {charge.cost_usd === 0 ? null : ` ${fill(m.connect.costs, { cost: cost(charge.cost_usd) })}`}
      </p>
      {charge.credits === 0 ? <p className="text-soft">{m.charges.fractions}</p> : null}
    </>
  );
}
