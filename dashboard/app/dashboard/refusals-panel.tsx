'use client';

import { useState } from 'react';
import { getUsageRefusals, ownServer, type FailedCall, type Result } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { Empty, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { firstRefusals, mostRefusals } from './ranges';

export function RefusalsPanel({ initial, revision }: { initial: Promise<Result<FailedCall[]>>; revision: number }) {
  const { m } = useSpeech();
  const refusals = useResource(initial, `refusals, ${revision}`, (signal) => getUsageRefusals(mostRefusals, { ...ownServer, signal }));
  return (
    <Panel title={m.refusals.title} className="lg:col-span-3" resource={refusals} skeleton={<Waiting className="h-[160px]" />}>
      {(rows) => <Refusals rows={rows} />}
    </Panel>
  );
}

/** The last calls that brought nothing, each with the service's own words about what to do. */
export function Refusals({ rows }: { rows: readonly FailedCall[] }) {
  const { m, plural } = useSpeech();
  const [all, setAll] = useState(false);
  if (rows.length === 0) return <Empty title={m.refusals.empty} hint={m.refusals.emptyHint} />;
  const rest = rows.length - firstRefusals;
  return (
    <>
      <p className="mb-1 text-sm text-soft">{m.refusals.lead}</p>
      <ul className="divide-y divide-line text-sm">
        {(all ? rows : rows.slice(0, firstRefusals)).map((row) => (
          <Refusal key={row.request_id} row={row} />
        ))}
      </ul>
      {all || rest <= 0 ? null : (
        <button type="button" className={`${button.quiet} mt-1 self-start`} onClick={() => setAll(true)}>
          {plural(m.refusals.all, rest)}
        </button>
      )}
    </>
  );
}

function Refusal({ row: { at, model, endpoint, status, code, message, request_id: id } }: { row: FailedCall }) {
  const { m, fill, time } = useSpeech();
  return (
    <li data-refusal={id} className="grid grid-cols-1 gap-x-3 py-1 first:pt-0 last:pb-0 lg:grid-cols-3">
      <p className="min-w-0">
        <time dateTime={at} className="block text-soft">
          {time(at)} UTC
        </time>
        <bdi className="font-mono break-all">{model || m.refusals.noModel}</bdi>
      </p>
      <div className="min-w-0 lg:col-span-2">
        <p className="break-words" lang="en">
          {message}
        </p>
        <p className="font-mono text-xs break-words text-soft">
          {fill(m.refusals.status, { status })} · {code} · {endpoint}
        </p>
      </div>
    </li>
  );
}
