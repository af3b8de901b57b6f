'use client';

import { useState } from 'react';
import { getUsageDetailed, ownServer, type Charge, type Result } from '@/app/lib/api';
import type { Messages } from '@/app/lib/i18n';
import { button } from '@/app/ui/button';
import { Empty, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { costColumn, DataTable, ModelName } from '@/app/ui/table';
import { WhyDialog, WhyLink } from './charges/why-link';
import { duration } from './duration';
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
            <p className="mb-1 text-sm text-soft">
              {fill(m.charges.lead, { n: days })} {shown.some(({ tokens }) => tokens !== null) ? m.charges.fractions : null}
            </p>
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

export function Charges({ rows }: { rows: Charge[] }) {
  const { m, number, cost } = useSpeech();
  const [explained, setExplained] = useState<Charge | null>(null);
  const close = () => setExplained(null);
  return (
    <>
    <DataTable
      caption={m.charges.title}
      columns={[
        { head: m.charges.time, cell: (row) => <Moment time={row.created_at} /> },
        { head: m.charges.model, wide: true, cell: (row) => <ChargedModel charge={row} /> },
        { head: m.charges.credits, numeric: true, cell: (row) => number(row.credits) },
        { head: m.charges.prompt, numeric: true, cell: (row) => <Tokens total={row.prompt_tokens} parts={row.tokens} names={inputParts} /> },
        { head: m.charges.completion, numeric: true, cell: (row) => <Tokens total={row.completion_tokens} parts={row.tokens} names={outputParts} /> },
        ...(rows.some(hasSpeed) ? [{ head: m.speed.head, numeric: true, cell: (row: Charge) => <Speed charge={row} /> }] : []),
        ...costColumn(m.charges.cost, rows, (row) => row.cost_usd, cost),
        { head: m.charges.explained, numeric: true, cell: (row) => <WhyLink charge={row} onOpen={() => setExplained(row)} /> },
      ]}
      rows={rows}
      rowKey={(row) => row.id}
      cards="lg"
    />
    {explained ? <WhyDialog id={explained.id} onClose={close} /> : null}
    </>
  );
}

function hasSpeed({ first_token_ms: first, tokens_per_second: rate }: Charge): boolean {
  return first !== null || rate !== null;
}

/** How fast the answer came, where that is known. */
function Speed({ charge: { first_token_ms: first, tokens_per_second: rate } }: { charge: Charge }) {
  const speech = useSpeech();
  const { m, fill, number } = speech;
  return (
    <>
      {rate === null ? null : <span className="block whitespace-nowrap">{fill(m.speed.rateShort, { n: number(rate) })}</span>}
      {first === null ? null : <span className="block text-xs text-soft">{fill(m.speed.firstShort, { time: duration(speech, first) })}</span>}
    </>
  );
}

/** A time, in two lines where there is little room. */
function Moment({ time }: { time: string }) {
  const [date = '', clock] = useSpeech().time(time).split(', ');
  return (
    <time dateTime={time}>
      <span className="whitespace-nowrap">{date},</span> <span className="whitespace-nowrap">{clock}</span>
    </time>
  );
}

type TokenPart = keyof Messages['charges']['parts'];
const inputParts: readonly TokenPart[] = ['cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'audio_input_tokens'];
const outputParts: readonly TokenPart[] = ['reasoning_tokens', 'audio_output_tokens'];

/** A number of tokens, and below it those of them that have a price or a meaning of their own. */
function Tokens({ total, parts, names }: { total: number; parts: Charge['tokens']; names: readonly TokenPart[] }) {
  const { m, fill, number } = useSpeech();
  const notes = names.flatMap((name) => (parts?.[name] ? [fill(m.charges.parts[name], { n: number(parts[name]) })] : []));
  return (
    <>
      {number(total)}
      <Notes notes={notes} intro={m.charges.including} />
    </>
  );
}

function ChargedModel({ charge: { model, tokens } }: { charge: Charge }) {
  const { m, fill, plural } = useSpeech();
  const notes = [];
  if (tokens?.service_tier) notes.push(fill(m.charges.tier, { tier: tokens.service_tier }));
  if (tokens?.web_searches) notes.push(plural(m.charges.searches, tokens.web_searches));
  if (tokens && tokens.requests > 1) notes.push(plural(m.charges.requests, tokens.requests));
  return (
    <>
      <ModelName name={model} />
      <Notes notes={notes} />
    </>
  );
}

/** Small print below a figure; `intro` joins the two for those who hear them. */
function Notes({ notes, intro }: { notes: readonly string[]; intro?: string }) {
  if (notes.length === 0) return null;
  return (
    <span className="block text-xs whitespace-normal text-soft">
      {intro ? <span className="sr-only"> {intro} </span> : null}
      {notes.map((note, index) => (
        <span key={note}>
          <span className="lg:whitespace-nowrap">
            {note}
            {index < notes.length - 1 ? ',' : ''}
          </span>{' '}
        </span>
      ))}
    </span>
  );
}
