'use client';

import type { ReactNode } from 'react';
import type { Credits } from '@/app/lib/api';
import { outlookOf } from '@/app/lib/credits';
import { useReset } from '@/app/ui/clock';
import { Meter } from '@/app/ui/meter';
import { useSpeech } from '@/app/ui/preferences';
import { Unfolding } from '@/app/ui/table';

interface CreditFiguresProps {
  credits: Credits;
  requests: number;
  /** The limit of the key that the viewer is signed in with; null for none. */
  keyLimit: number | null;
}

/** How much can still be used, when more comes, and what both are made of. */
export function CreditFigures({ credits, requests, keyLimit }: CreditFiguresProps) {
  const { m, fill, number, plural } = useSpeech();
  const { used, limit, held, month, grants } = credits;
  return (
    <>
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <Answer credits={credits} />
        <p className="sm:text-right">
          <span className="block text-sm text-soft">{m.overview.requests}</span>
          <span className="text-lg font-bold" data-figure="request_count">
            {number(requests)}
          </span>
        </p>
      </div>
      <div className="mt-2 grid gap-y-1.5 text-sm">
        <Line
          term={m.credits.today}
          meter={<Meter label={m.overview.creditsUsed} used={used} limit={limit} />}
          figure={
            <>
              <b data-figure="credits_used">{number(used)}</b> <span data-figure="daily_limit">{fill(m.overview.of, { limit: number(limit) })}</span> {m.credits.used}
            </>
          }
        />
        {month ? (
          <Line
            term={m.credits.month}
            meter={<Meter label={m.credits.month} used={month.used} limit={month.limit} />}
            figure={
              <span data-figure="month">
                <b>{number(month.used)}</b> {fill(m.overview.of, { limit: number(month.limit) })} {m.credits.used}
              </span>
            }
          />
        ) : null}
        {grants.length > 0 ? <Grants grants={grants} /> : null}
        {held > 0 ? (
          <p className="text-soft" data-figure="held">
            {plural(m.credits.held, held)}
          </p>
        ) : null}
        {keyLimit === null ? null : (
          <p className="text-soft" data-figure="key_limit">
            {fill(m.credits.tight, { credits: plural(m.history.creditCount, keyLimit) })}
          </p>
        )}
      </div>
    </>
  );
}

/** The sentence above the figures: what is left, and when there is more. */
function Answer({ credits }: { credits: Credits }) {
  const { m, fill, plural, date } = useSpeech();
  const reset = useReset();
  const { remaining: left } = credits;
  const { next, at } = outlookOf(credits);
  const isUsedUp = left === 0;
  const usedUp = next === 'month' ? m.credits.monthUsedUp : m.overview.usedUp;
  return (
    <div>
      {/* Announced when it changes while the page is open. */}
      <p role="status" className={`text-xl font-bold ${isUsedUp ? 'text-bad' : ''}`} data-figure="left">
        {isUsedUp ? usedUp : plural(m.overview.left, left)}
      </p>
      <p className="text-sm text-soft" data-figure="reset">
        {next === 'month' ? (
          <>
            {isUsedUp ? null : m.credits.monthBinds} {fill(m.credits.resetsOn, { date: date(at) })}
          </>
        ) : (
          <>
            {fill(m.overview.resets, { reset: reset.utc })}{' '}
            {/* A block of its own, with its place kept where it needs a line: what the browser adds must neither repaint the sentence nor move the rest. */}
            <span className="block min-h-3 sm:inline-block">{reset.local}</span>
          </>
        )}
      </p>
      {isUsedUp ? <p className="text-sm text-soft">{m.overview.usedUpHint}</p> : null}
    </div>
  );
}

function Line({ term, figure, meter }: { term: string; figure: ReactNode; meter: ReactNode }) {
  return (
    <div>
      <div className="flex flex-wrap justify-between gap-x-2">
        <span className="text-soft">{term}</span>
        <span>{figure}</span>
      </div>
      {meter}
    </div>
  );
}

/** How many grants stand open; a customer seldom has more. */
const shownGrants = 3;

function Grants({ grants }: { grants: Credits['grants'] }) {
  const { m, plural } = useSpeech();
  const rest = grants.slice(shownGrants);
  return (
    <div>
      <p className="text-soft">{m.credits.grants}</p>
      <GrantList grants={grants.slice(0, shownGrants)} />
      {rest.length > 0 ? <Unfolding summary={plural(m.credits.moreGrants, rest.length)}>{() => <GrantList grants={rest} />}</Unfolding> : null}
      <p className="text-soft">{m.credits.grantsHint}</p>
    </div>
  );
}

function GrantList({ grants }: { grants: Credits['grants'] }) {
  const { m, fill, number, time } = useSpeech();
  return (
    <ul>
      {grants.map(({ id, credits, remaining, expires_at: end }) => (
        <li key={id} data-grant={id} className="flex flex-wrap justify-between gap-x-2">
          <b>{fill(m.credits.left, { left: number(remaining), credits: number(credits) })}</b>
          <span>{end ? fill(m.credits.until, { time: time(end) }) : m.credits.endless}</span>
        </li>
      ))}
    </ul>
  );
}
