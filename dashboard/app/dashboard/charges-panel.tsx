'use client';

import { useState } from 'react';
import { getUsageDetailed, ownServer, type Charge, type Result } from '@/app/lib/api';
import { costDecimals } from '@/app/lib/i18n';
import { button } from '@/app/ui/button';
import { Empty, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { DataTable, ModelName } from '@/app/ui/table';
import { chargesPage, pageRows, type Days } from './ranges';

interface ChargesProps {
  initial: Promise<Result<Charge[]>>;
  days: Days;
  revision: number;
}

export function ChargesPanel({ initial, days, revision }: ChargesProps) {
  const { m, fill, number } = useSpeech();
  const [place, setPlace] = useState({ days, page: 0 });
  // Another range begins at its newest charge again.
  const page = place.days === days ? place.page : 0;
  const charges = useResource(initial, `${days} days, page ${page}, ${revision}`, (signal) =>
    getUsageDetailed(chargesPage(days, page), { ...ownServer, signal }),
  );
  return (
    <Panel title={m.charges.title} className="lg:col-span-3" resource={charges} skeleton={<Waiting className="h-[480px]" />}>
      {(rows) => {
        const shown = rows.slice(0, pageRows);
        return (
          <>
            <p className="mb-1 text-sm text-soft">{fill(m.charges.lead, { n: days })}</p>
            {shown.length > 0 ? (
              <Charges rows={shown} />
            ) : page === 0 ? (
              <Empty title={m.charges.empty} hint={m.charges.emptyHint} />
            ) : (
              <Empty title={m.charges.end} />
            )}
            <nav aria-label={m.charges.title} className="mt-2 flex items-center justify-end gap-2">
              <span role="status" className="text-sm text-soft">
                {shown.length > 0 ? fill(m.charges.rows, { from: number(page * pageRows + 1), to: number(page * pageRows + shown.length) }) : ''}
              </span>
              <button type="button" className={button.quiet} disabled={page === 0 || charges.busy} onClick={() => setPlace({ days, page: page - 1 })}>
                {m.charges.newer}
              </button>
              <button type="button" className={button.quiet} disabled={rows.length <= pageRows || charges.busy} onClick={() => setPlace({ days, page: page + 1 })}>
                {m.charges.older}
              </button>
            </nav>
          </>
        );
      }}
    </Panel>
  );
}

function Charges({ rows }: { rows: Charge[] }) {
  const { m, number, cost, time } = useSpeech();
  const decimals = costDecimals(rows.map((row) => row.cost_usd));
  return (
    <DataTable
      caption={m.charges.title}
      columns={[
        { head: m.charges.time, cell: (row) => <time dateTime={row.created_at} className="whitespace-nowrap">{time(row.created_at)}</time> },
        { head: m.charges.model, cell: (row) => <ModelName name={row.model} /> },
        { head: m.charges.prompt, numeric: true, cell: (row) => number(row.prompt_tokens) },
        { head: m.charges.completion, numeric: true, cell: (row) => number(row.completion_tokens) },
        { head: m.charges.credits, numeric: true, cell: (row) => number(row.credits) },
        { head: m.charges.cost, numeric: true, cell: (row) => cost(row.cost_usd, decimals) },
      ]}
      rows={rows}
      rowKey={(row) => row.id}
    />
  );
}
