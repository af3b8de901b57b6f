'use client';

import { useId } from 'react';
import { getUsageHistory, ownServer, type Result, type UsageDay } from '@/app/lib/api';
import { labelledBars } from '@/app/lib/chart';
import { hasCost } from '@/app/lib/i18n';
import { BarChart } from '@/app/ui/bar-chart';
import { Empty, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { costColumn, DataTable, TableTwin } from '@/app/ui/table';
import { ranges, type Days } from './ranges';

interface HistoryProps {
  initial: Promise<Result<UsageDay[]>>;
  days: Days;
  revision: number;
  onDays: (days: Days) => void;
}

export function HistoryPanel({ initial, days, revision, onDays }: HistoryProps) {
  const { m } = useSpeech();
  const history = useResource(initial, `${days} days, ${revision}`, (signal) => getUsageHistory(days, { ...ownServer, signal }));
  return (
    <Panel
      title={m.history.title}
      className="lg:col-span-3"
      resource={history}
      skeleton={<Waiting className="h-[272px]" />}
      aside={<RangeSwitch days={days} onDays={onDays} />}
    >
      {(rows) => <History rows={rows} />}
    </Panel>
  );
}

function RangeSwitch({ days, onDays }: { days: Days; onDays: (days: Days) => void }) {
  const { m, fill } = useSpeech();
  const name = useId();
  return (
    <fieldset className="flex gap-0.5 rounded-md bg-sunken p-0.5">
      <legend className="sr-only">{m.history.range}</legend>
      {ranges.map((each) => (
        <label
          key={each}
          className="rounded-sm px-1.5 py-0.5 text-sm font-semibold text-soft hover:text-ink has-checked:bg-surface has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent-ink"
        >
          <input type="radio" name={name} className="sr-only" checked={each === days} onChange={() => onDays(each)} />
          {fill(m.history.days, { n: each })}
        </label>
      ))}
    </fieldset>
  );
}

export function History({ rows }: { rows: UsageDay[] }) {
  const { m, fill, plural, number, cost, date, day } = useSpeech();
  const total = (read: (row: UsageDay) => number) => rows.reduce((sum, row) => sum + read(row), 0);
  if (rows.every((row) => row.request_count === 0)) return <Empty title={m.history.empty} hint={m.history.emptyHint} className="min-h-[272px]" />;
  const showsCost = hasCost(rows.map((row) => row.cost_usd));
  const figures = (row: Omit<UsageDay, 'date'>) => {
    const credits = plural(m.history.creditCount, row.credits_used);
    const requests = plural(m.history.requestCount, row.request_count);
    return showsCost ? fill(m.history.figures, { credits, requests, cost: cost(row.cost_usd) }) : fill(m.history.figuresWithoutCost, { credits, requests });
  };
  const totals = {
    credits_used: total((row) => row.credits_used),
    request_count: total((row) => row.request_count),
    cost_usd: Math.round(total((row) => row.cost_usd) * 1e6) / 1e6,
  };
  return (
    <>
      <BarChart
        label={m.history.chart}
        summary={figures(totals)}
        labelled={labelledBars(rows.length, 7)}
        bars={rows.map((row) => ({
          label: day(row.date),
          value: row.credits_used,
          detail: fill(m.history.detail, { date: date(row.date), figures: figures(row) }),
        }))}
      />
      <TableTwin>
        {() => (
          <DataTable
            caption={m.history.chart}
            columns={[
              { head: m.history.date, cell: (row) => date(row.date) },
              { head: m.history.credits, numeric: true, cell: (row) => number(row.credits_used) },
              { head: m.history.requests, numeric: true, cell: (row) => number(row.request_count) },
              ...costColumn(m.history.cost, rows, (row) => row.cost_usd, cost),
            ]}
            rows={rows.toReversed()}
            rowKey={(row) => row.date}
            cards="sm"
          />
        )}
      </TableTwin>
    </>
  );
}
