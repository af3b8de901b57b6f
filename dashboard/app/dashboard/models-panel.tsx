'use client';

import { getUsageModels, ownServer, type ModelUsage, type Result } from '@/app/lib/api';
import { hasCost } from '@/app/lib/i18n';
import { Empty, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { costColumn, DataTable, ModelName } from '@/app/ui/table';
import type { Days } from './ranges';

export function ModelsPanel({ initial, days, revision }: { initial: Promise<Result<ModelUsage[]>>; days: Days; revision: number }) {
  const { m } = useSpeech();
  const models = useResource(initial, `${days} days, ${revision}`, (signal) => getUsageModels(days, { ...ownServer, signal }));
  return (
    <Panel title={m.models.title} className="lg:col-span-2" resource={models} skeleton={<Waiting className="h-[272px]" />}>
      {(rows) => <Models rows={rows} />}
    </Panel>
  );
}

export function Models({ rows }: { rows: ModelUsage[] }) {
  const { m, number, cost, percent } = useSpeech();
  if (rows.length === 0) return <Empty title={m.models.empty} hint={m.models.emptyHint} />;
  const showsCost = hasCost(rows.map((row) => row.total_cost));
  const part = (row: ModelUsage) => (showsCost ? row.total_cost : row.requests);
  const total = rows.reduce((sum, row) => sum + part(row), 0);
  const share = (row: ModelUsage) => (total === 0 ? 0 : part(row) / total);
  return (
    <DataTable
      caption={m.models.title}
      columns={[
        { head: m.models.model, cell: (row) => <ModelName name={row.model} /> },
        { head: m.models.requests, numeric: true, cell: (row) => number(row.requests) },
        { head: m.models.prompt, numeric: true, cell: (row) => number(row.prompt_tokens) },
        { head: m.models.completion, numeric: true, cell: (row) => number(row.completion_tokens) },
        ...costColumn(m.models.cost, rows, (row) => row.total_cost, cost),
        {
          head: showsCost ? m.models.share : m.models.requestShare,
          numeric: true,
          cell: (row) => (
            <span className="inline-flex items-center gap-1">
              <svg aria-hidden="true" width="64" height="8" className="rounded-full">
                <rect width="64" height="8" className="fill-sunken" />
                <rect width={`${share(row) * 100}%`} height="8" className="chart-bar fill-chart" />
              </svg>
              <span className="inline-block min-w-4">{percent(share(row))}</span>
            </span>
          ),
        },
      ]}
      rows={rows}
      rowKey={(row) => row.model}
      cards="sm"
    />
  );
}
