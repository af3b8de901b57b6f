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
  /** In a card the cell takes the whole width and needs no head. */
  wide?: boolean;
}

interface DataTableProps<Row> {
  /** Names the table for assistive technology. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Below which width each row is a card with the heads beside its figures. Without it a table that is too wide scrolls by itself. */
  cards?: keyof typeof cardStyles;
}

/* Tailwind finds class names only where they are written out. */
const cardStyles = {
  sm: {
    scroll: 'sm:overflow-x-auto',
    block: 'max-sm:block',
    head: 'max-sm:sr-only',
    row: 'max-sm:grid max-sm:grid-cols-3 max-sm:gap-x-2 max-sm:gap-y-0.5 max-sm:py-1',
    first: 'max-sm:col-span-full max-sm:block max-sm:p-0',
    wide: 'max-sm:col-span-full max-sm:block max-sm:p-0',
    cell: 'max-sm:flex max-sm:empty:hidden max-sm:min-w-0 max-sm:flex-col max-sm:p-0 max-sm:text-left max-sm:break-words max-sm:whitespace-normal max-sm:before:text-xs max-sm:before:text-soft max-sm:before:content-[attr(data-head)]',
  },
  lg: {
    scroll: 'lg:overflow-x-auto',
    block: 'max-lg:block',
    head: 'max-lg:sr-only',
    row: 'max-lg:grid max-lg:grid-cols-3 max-lg:gap-x-2 max-lg:gap-y-0.5 max-lg:py-1 sm:max-lg:grid-cols-6',
    first: 'max-lg:col-span-full max-lg:block max-lg:p-0',
    wide: 'max-lg:col-span-full max-lg:block max-lg:p-0',
    cell: 'max-lg:flex max-lg:empty:hidden max-lg:min-w-0 max-lg:flex-col max-lg:p-0 max-lg:text-left max-lg:break-words max-lg:whitespace-normal max-lg:before:text-xs max-lg:before:text-soft max-lg:before:content-[attr(data-head)]',
  },
};

/* What is laid out as cards is still a table to those who hear it: browsers forget that with the layout. */
const roles = {
  table: { role: 'table' },
  group: { role: 'rowgroup' },
  row: { role: 'row' },
  columnHead: { role: 'columnheader' },
  rowHead: { role: 'rowheader' },
  cell: { role: 'cell' },
};

/** A table whose first column names its rows. Where the screen is narrow its rows are cards, or it scrolls by itself, with all that is in it. */
export function DataTable<Row>({ caption, columns, rows, rowKey, cards }: DataTableProps<Row>) {
  const style = cards ? cardStyles[cards] : null;
  const region = `relative ${style?.scroll ?? 'overflow-x-auto'}`;
  return (
    <div role="region" aria-label={caption} tabIndex={0} className={region}>
      <table {...roles.table} className={`w-full text-sm ${style?.block ?? ''}`}>
        <caption className="sr-only">{caption}</caption>
        <thead {...roles.group} className={style?.head}>
          <tr {...roles.row} className="border-b border-edge">
            {columns.map(({ head, numeric, wrap }) => (
              <th
                {...roles.columnHead}
                key={head}
                scope="col"
                className={`px-1 py-1 align-bottom font-semibold text-soft first:pl-0 last:pr-0 ${numeric ? 'text-right' : 'text-left'} ${wrap ? 'min-w-[13ch]' : 'whitespace-nowrap'}`}
              >
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...roles.group} className={style?.block}>
          {rows.map((row) => (
            <tr {...roles.row} key={rowKey(row)} className={`border-b border-line last:border-0 ${style?.row ?? ''}`}>
              {columns.map(({ head, cell, numeric, wide }, index) => {
                const className = `px-1 py-1 align-baseline first:pl-0 last:pr-0 ${numeric ? 'text-right whitespace-nowrap' : 'text-left'}`;
                return index === 0 ? (
                  <th {...roles.rowHead} key={head} scope="row" className={`${className} font-normal ${style?.first ?? ''}`}>
                    {cell(row)}
                  </th>
                ) : (
                  <td {...roles.cell} key={head} data-head={head} className={`${className} ${style?.[wide ? 'wide' : 'cell'] ?? ''}`}>
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
