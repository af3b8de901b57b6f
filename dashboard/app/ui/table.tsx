'use client';

import { useState, type ReactNode } from 'react';
import { useSpeech } from './preferences';

export interface Column<Row> {
  head: string;
  cell: (row: Row) => ReactNode;
  numeric?: boolean;
}

interface DataTableProps<Row> {
  /** Names the table for assistive technology. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
}

/** A table whose first column names its rows; where the screen is narrow it scrolls by itself. */
export function DataTable<Row>({ caption, columns, rows, rowKey }: DataTableProps<Row>) {
  return (
    <div role="region" aria-label={caption} tabIndex={0} className="overflow-x-auto">
      <table className="w-full text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b border-edge">
            {columns.map(({ head, numeric }) => (
              <th key={head} scope="col" className={`px-1 py-1 font-semibold whitespace-nowrap text-soft first:pl-0 last:pr-0 ${numeric ? 'text-right' : 'text-left'}`}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className="border-b border-line last:border-0">
              {columns.map(({ head, cell, numeric }, index) => {
                const className = `px-1 py-1 first:pl-0 last:pr-0 ${numeric ? 'text-right whitespace-nowrap' : 'text-left'}`;
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

/** A model's name as customers' programs send it: of any length, in any script. */
export function ModelName({ name }: { name: string }) {
  return <bdi className="inline-block min-w-[14ch] font-mono break-all">{name}</bdi>;
}

/** The figures of a chart as a table, rendered when it is opened. */
export function TableTwin({ children }: { children: () => ReactNode }) {
  const { m } = useSpeech();
  const [open, setOpen] = useState(false);
  return (
    <details className="mt-1 text-sm" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="w-fit rounded-sm font-semibold text-accent-ink">{m.history.table}</summary>
      {open ? <div className="mt-1 max-h-[320px] overflow-y-auto">{children()}</div> : null}
    </details>
  );
}
