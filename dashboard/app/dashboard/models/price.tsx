'use client';

import type { Model, ModelPrice } from '@/app/lib/api';
import { allKinds, mainKinds, rateSets, type RateSet, type Rates } from '@/app/lib/prices';
import { useSpeech } from '@/app/ui/preferences';
import { DataTable, Unfolding } from '@/app/ui/table';

/** What a model costs: what counts for most calls at once, the rest on demand. */
export function Price({ model: { name, price, typical_call_credits: typical } }: { model: Model }) {
  const { m, fill, plural, time } = useSpeech();
  if (price === null) return <p className="text-sm text-soft">{m.offer.noPrice}</p>;
  const rates = price.credits_per_million;
  return (
    <div className="min-w-0 text-sm">
      {rates === null ? (
        <dl>
          <Figure name="request" term={m.offer.perRequest} value={plural(m.history.creditCount, price.credits_per_request)} />
        </dl>
      ) : (
        <MainRates rates={rates} />
      )}
      {typical === null ? null : (
        <p className="mt-1" data-price="typical">
          {m.offer.typical} <strong className="font-semibold">{plural(m.history.creditCount, typical)}</strong>
        </p>
      )}
      <p className="text-soft" data-price="since">
        {fill(m.offer.since, { time: time(price.valid_from) })}
      </p>
      {rates === null ? null : <Unfolding summary={<Summary name={name} />}>{() => <AllRates name={name} price={price} />}</Unfolding>}
    </div>
  );
}

function MainRates({ rates }: { rates: Rates }) {
  const { m, number } = useSpeech();
  return (
    <>
      <p className="text-soft">{m.offer.perMillion}</p>
      <dl className="mt-0.5 grid grid-cols-3 gap-x-1">
        {mainKinds.map((kind) => (
          <Figure key={kind} name={kind} term={m.offer.kinds[kind]} value={number(rates[kind])} />
        ))}
      </dl>
    </>
  );
}

function Figure({ name, term, value }: { name: string; term: string; value: string }) {
  return (
    <div className="flex min-w-0 flex-col justify-end">
      <dt>{term}</dt>
      <dd className="text-base font-bold break-words sm:text-lg" data-price={name}>
        {value}
      </dd>
    </div>
  );
}

function Summary({ name }: { name: string }) {
  const { m } = useSpeech();
  return (
    <>
      {m.offer.all}
      <span className="sr-only">: {name}</span>
    </>
  );
}

function AllRates({ name, price }: { name: string; price: ModelPrice }) {
  const { m, fill, number, plural } = useSpeech();
  const sets = rateSets(price);
  const headOf = ({ tier, above }: RateSet) => {
    const n = above === null ? '' : number(above);
    if (tier === null) return above === null ? m.offer.standard : fill(m.offer.above, { n });
    return above === null ? fill(m.offer.tier, { tier }) : fill(m.offer.tierAbove, { tier, n });
  };
  const extras = [
    { name: 'fee', term: m.offer.fee, credits: price.credits_per_request },
    { name: 'search', term: m.offer.search, credits: price.credits_per_web_search },
  ].filter(({ credits }) => credits > 0);
  return (
    <>
      <DataTable
        caption={fill(m.offer.table, { model: name })}
        columns={[
          { head: m.offer.kind, cell: (kind) => <span className="block min-w-[12ch] sm:whitespace-nowrap">{m.offer.kinds[kind]}</span> },
          ...sets.map((set) => ({ head: headOf(set), numeric: true, wrap: true, cell: (kind: (typeof allKinds)[number]) => number(set.rates[kind]) })),
        ]}
        rows={allKinds}
        rowKey={(kind) => kind}
        {...(sets.length > 1 ? { cards: 'sm' } : {})}
      />
      {extras.length > 0 ? (
        <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-2">
          {extras.map((extra) => (
            <div key={extra.name} className="contents">
              <dt className="text-soft">{extra.term}</dt>
              <dd data-price={extra.name}>{plural(m.history.creditCount, extra.credits)}</dd>
            </div>
          ))}
        </dl>
      ) : null}
      {sets.some(({ above }) => above !== null) ? <p className="mt-1 text-soft">{m.offer.aboveHint}</p> : null}
      {sets.some(({ tier }) => tier !== null) ? <p className="mt-1 text-soft">{m.offer.tierHint}</p> : null}
    </>
  );
}
