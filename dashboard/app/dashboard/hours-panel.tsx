'use client';

import { useState } from 'react';
import { getUsageHourly, ownServer, type Result, type UsageHour } from '@/app/lib/api';
import { addDays } from '@/app/lib/i18n';
import { BarChart } from '@/app/ui/bar-chart';
import { button } from '@/app/ui/button';
import { Empty, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { DataTable, TableTwin } from '@/app/ui/table';

interface HoursProps {
  initial: Promise<Result<UsageHour[]>>;
  /** The UTC date that it is. */
  today: string;
  revision: number;
}

export function HoursPanel({ initial, today, revision }: HoursProps) {
  const { m } = useSpeech();
  const [daysBack, setDaysBack] = useState(0);
  const date = addDays(today, -daysBack);
  // Days that are over do not change.
  const scope = daysBack === 0 ? `${date}, ${revision}` : date;
  const hours = useResource(initial, scope, (signal) => getUsageHourly(date, { ...ownServer, signal }));
  return (
    <Panel
      title={m.hours.title}
      resource={hours}
      skeleton={<Waiting className="h-[272px]" />}
      aside={<DaySwitch date={date} daysBack={daysBack} onDaysBack={setDaysBack} />}
    >
      {(rows) => <Hours rows={rows} date={date} />}
    </Panel>
  );
}

function DaySwitch({ date, daysBack, onDaysBack }: { date: string; daysBack: number; onDaysBack: (days: number) => void }) {
  const speech = useSpeech();
  const { m } = speech;
  const step = `${button.quiet} px-1`;
  return (
    <div role="group" aria-label={m.hours.date} className="flex items-center gap-1">
      <button type="button" className={step} aria-label={m.hours.previous} onClick={() => onDaysBack(daysBack + 1)}>
        <Chevron path="M10 3 5 8l5 5" />
      </button>
      <time dateTime={date} aria-live="polite" className="min-w-10 text-center text-sm font-semibold">
        {speech.date(date)}
      </time>
      <button type="button" className={step} aria-label={m.hours.next} disabled={daysBack === 0} onClick={() => onDaysBack(daysBack - 1)}>
        <Chevron path="m6 3 5 5-5 5" />
      </button>
    </div>
  );
}

function Chevron({ path }: { path: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 16 16" className="size-2">
      <path d={path} fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

function Hours({ rows, date }: { rows: UsageHour[]; date: string }) {
  const speech = useSpeech();
  const { m, fill, plural, number } = speech;
  const clock = (hour: number) => `${String(hour % 24).padStart(2, '0')}:00`;
  const total = rows.reduce((sum, row) => sum + row.requests, 0);
  const label = fill(m.hours.chart, { date: speech.date(date) });
  if (total === 0) return <Empty title={m.hours.empty} className="min-h-[272px]" />;
  return (
    <>
      <BarChart
        label={label}
        summary={plural(m.hours.total, total)}
        labelled={[0, 6, 12, 18]}
        bars={rows.map((row) => ({
          label: clock(row.hour),
          value: row.requests,
          detail: plural(m.hours.detail, row.requests, { from: clock(row.hour), to: clock(row.hour + 1) }),
        }))}
      />
      <TableTwin>
        {() => (
          <DataTable
            caption={label}
            columns={[
              { head: m.hours.hour, cell: (row) => clock(row.hour) },
              { head: m.hours.requests, numeric: true, cell: (row) => number(row.requests) },
            ]}
            rows={rows}
            rowKey={(row) => String(row.hour)}
          />
        )}
      </TableTwin>
    </>
  );
}
