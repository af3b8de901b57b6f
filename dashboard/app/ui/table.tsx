'use client';

import { useState, type ReactNode } from 'react';
import { costDecimals, hasCost } from '@/app/lib/i18n';
import { useSpeech } from './preferences';

export interface Column<Row> {
  head: string;
  cell: (row: Row) => ReactNode;
  numeric?: boolean;
  /** The head may take several lines. */
  wrap?: boolean;
}

interface DataTableProps<Row> {
  /** Names the table for assistive technology. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
}

/** A table whose first column names its rows; where the screen is narrow it scrolls by itself, with all that is in it. */
export function DataTable<Row>({ caption, columns, rows, rowKey }: DataTableProps<Row>) {
  return (
    <div role="region" aria-label={caption} tabIndex={0} className="relative overflow-x-auto">
      <table className="w-full text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b border-edge">
            {columns.map(({ head, numeric, wrap }) => (
              <th
                key={head}
                scope="col"
                className={`px-1 py-1 align-bottom font-semibold text-soft first:pl-0 last:pr-0 ${numeric ? 'text-right' : 'text-left'} ${wrap ? 'min-w-[13ch]' : 'whitespace-nowrap'}`}
              >
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className="border-b border-line last:border-0">
              {columns.map(({ head, cell, numeric }, index) => {
                const className = `px-1 py-1 align-baseline first:pl-0 last:pr-0 ${numeric ? 'text-right whitespace-nowrap' : 'text-left'}`;
                return index === 0 ? (
                  <th key={head} scope="row" className={`${className} font-normal`}>
                    {cell(row)}
                  </th>
                ) : (
                  <td key={head} className={className}>
                    {cell(row)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A column of costs; none where all are 0, because then the service does not show them. */
export function costColumn<Row>(head: string, rows: readonly Row[], costOf: (row: Row) => number, cost: (usd: number, decimals: number) => string): Column<Row>[] {
  const costs = rows.map(costOf);
  const decimals = costDecimals(costs);
  return hasCost(costs) ? [{ head, numeric: true, cell: (row) => cost(costOf(row), decimals) }] : [];
}

/** A model's name as customers' programs send it: of any length, in any script. */
export function ModelName({ name }: { name: string }) {
  return <bdi className="block min-w-[14ch] font-mono break-all">{name}</bdi>;
}

/** Something to open, rendered when it is. */
export function Unfolding({ summary, children }: { summary: ReactNode; children: () => ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="mt-1 text-sm" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="w-fit rounded-sm font-semibold text-accent-ink">{summary}</summary>
      {open ? <div className="mt-1">{children()}</div> : null}
    </details>
  );
}

/** The figures of a chart as a table. */
export function TableTwin({ children }: { children: () => ReactNode }) {
  const { m } = useSpeech();
  return <Unfolding summary={m.history.table}>{() => <div className="max-h-[320px] overflow-y-auto">{children()}</div>}</Unfolding>;
}
