'use client';

import { explainCharge, ownServer, type ExplainedCharge, type Result } from '@/app/lib/api';
import { Missing } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { DataTable } from '@/app/ui/table';
import { Trouble } from '@/app/ui/trouble';

/** Loads what a charge is made of, and shows it. */
export function Why({ id, initial }: { id: string; initial: Promise<Result<ExplainedCharge>> }) {
  const { m } = useSpeech();
  // An address that is mistyped may be that of no charge at all.
  const words = { title: m.why.gone, hint: m.why.goneHint };
  const { value, error, busy, reload } = useResource(initial, id, (signal) => explainCharge(id, { ...ownServer, signal }));
  return (
    <div aria-busy={busy}>
      {error?.kind === 'insufficient_scope' ? (
        <Missing sentence={m.missing.usage} />
      ) : error ? (
        <Trouble error={error} retry={reload} busy={busy} automatic stale={value !== null} {...(error.kind === 'not_found' || error.kind === 'invalid' ? { words } : {})} />
      ) : null}
      {value ? <Explanation charge={value} /> : null}
    </div>
  );
}

type Line = ExplainedCharge['lines'][number];

/** The lines that make a charge: how much of what, at which price. They add up to what was charged. */
export function Explanation({ charge }: { charge: ExplainedCharge }) {
  const { m, fill, number, plural, time } = useSpeech();
  const names: Record<Line['item'], string> = { ...m.offer.kinds, ...m.why.items };
  /** How much at which price; empty for what is not bought, such as rounding. */
  const terms = ({ tokens, credits_per_million: million, count, credits_each: each }: Line) => {
    if (tokens !== null && million !== null) return fill(m.why.ofTokens, { tokens: plural(m.offer.tokens, tokens), price: number(million) });
    return count !== null && each !== null ? fill(m.why.ofEach, { count: number(count), price: number(each) }) : '';
  };
  return (
    <div className="text-sm">
      <p className="font-semibold">
        <bdi className="font-mono break-all">{charge.model}</bdi>
      </p>
      <p className="mb-1 text-soft">{fill(m.why.of, { time: time(charge.created_at) })}</p>
      <DataTable
        caption={m.why.lines}
        columns={[
          {
            head: m.why.what,
            cell: (line) => (
              <>
                {names[line.item]}
                {terms(line) ? <span className="block text-xs text-soft"> {terms(line)}</span> : null}
              </>
            ),
          },
          { head: m.why.credits, numeric: true, cell: (line) => number(line.credits) },
        ]}
        rows={charge.lines}
        rowKey={(line) => line.item}
      />
      <p className="flex justify-between border-t border-edge pt-1 text-base font-bold" data-charged={charge.id}>
        <span>{m.why.total}</span> <span>{plural(m.history.creditCount, charge.credits)}</span>
      </p>
      <p className="mt-1 text-soft">{m.why.rounding}</p>
      <Terms price={charge.price} />
    </div>
  );
}

/** Which price it was: since when, and for which calls. */
function Terms({ price }: { price: ExplainedCharge['price'] }) {
  const { m, fill, number, time } = useSpeech();
  if (price === null) return <p className="mt-1 text-soft">{m.why.noPrice}</p>;
  const { valid_from: since, tier, tier_is_dearest: dearest, above_input_tokens: above } = price;
  const sentences = [fill(m.why.since, { time: time(since) })];
  if (dearest) sentences.push(m.why.dearest);
  else if (tier !== null) sentences.push(fill(m.why.tier, { tier }));
  if (above !== null) sentences.push(fill(m.why.above, { n: number(above) }));
  return (
    <p className="mt-1 text-soft" data-price="since">
      {sentences.join(' ')}
    </p>
  );
}
