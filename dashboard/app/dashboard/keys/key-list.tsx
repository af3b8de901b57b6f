'use client';

import { useEffect, useRef, type ReactNode } from 'react';
import type { Key } from '@/app/lib/api';
import { amountLimits, isWider, type Limits } from '@/app/lib/policy';
import { button } from '@/app/ui/button';
import { useNow } from '@/app/ui/clock';
import { useSpeech } from '@/app/ui/preferences';
import { useSession } from '@/app/ui/session';
import type { KeyAction } from './key-ring';

interface KeyListProps {
  rows: readonly Key[];
  /** The key that the viewer is signed in with; null where it is not known, or for a session. */
  ownId: string | null;
  /** The limits of what the viewer is signed in with, where they are known. */
  limits: Limits | null;
  onAction: (action: KeyAction, key: Key) => void;
}

export function KeyList({ rows, ownId, limits, onAction }: KeyListProps) {
  const list = useRef<HTMLUListElement>(null);
  useFocusOnMore(list, rows);
  return (
    <ul ref={list} className="divide-y divide-line">
      {rows.map((key) => (
        <KeyRow key={key.id} apiKey={key} isOwn={key.id === ownId} limits={limits} maker={rows.find(({ id }) => id === key.created_by_key_id)} onAction={onAction} />
      ))}
    </ul>
  );
}

/** Moves the focus to the first of the keys that were added at the end. */
function useFocusOnMore(list: { current: HTMLUListElement | null }, rows: readonly Key[]) {
  const before = useRef(rows);
  useEffect(() => {
    const last = before.current.at(-1)?.id;
    const added = rows.findIndex(({ id }) => id === last) + 1;
    const grew = last !== undefined && added > 0 && added < rows.length;
    before.current = rows;
    if (grew) (list.current?.children[added] as HTMLElement | undefined)?.focus();
  }, [list, rows]);
}

interface KeyRowProps {
  apiKey: Key;
  isOwn: boolean;
  limits: Limits | null;
  maker: Key | undefined;
  onAction: (action: KeyAction, key: Key) => void;
}

function KeyRow({ apiKey: key, isOwn, limits, maker, onAction }: KeyRowProps) {
  const { m } = useSpeech();
  const { signedInBy } = useSession();
  const wider = limits !== null && isWider(key, limits);
  const actions: KeyAction[] = wider ? [] : ['edit', 'rotate'];
  if (key.status === 'active') actions.push('disable');
  else if (!wider) actions.push('enable');
  actions.push('revoke');
  return (
    <li data-key={key.id} tabIndex={-1} className="py-2 outline-none first:pt-0 last:pb-0">
      <h3 className="flex flex-wrap items-center gap-x-1 gap-y-0.5 text-base break-words">
        <bdi data-label className="min-w-0 break-words">
          {key.label}
        </bdi>
        <Status apiKey={key} />
        {isOwn ? <Badge className="bg-accent-wash text-accent-ink">{m.keys.current}</Badge> : null}
      </h3>
      <code className="font-mono text-sm text-soft">{key.prefix}…</code>
      <Facts apiKey={key} maker={maker} />
      {wider ? <p className="mt-1 text-sm text-soft">{signedInBy === 'session' ? m.keys.widerSession : m.keys.wider}</p> : null}
      <div className="mt-1 grid grid-cols-2 gap-1 sm:flex sm:flex-wrap" role="group" aria-label={`${m.keys.actions}: ${key.label}`}>
        {actions.map((action) => (
          <button
            key={action}
            type="button"
            className={button.quiet}
            aria-label={`${m.keys[action]}: ${key.label}`}
            // Until the viewer's own key is known, none can be disabled or revoked: it might be that one.
            disabled={limits === null && (action === 'revoke' || action === 'disable')}
            onClick={() => onAction(action, key)}
          >
            {m.keys[action]}
          </button>
        ))}
      </div>
    </li>
  );
}

function Badge({ className, children }: { className: string; children: ReactNode }) {
  return <span className={`inline-block rounded-full px-1 text-xs leading-3 font-semibold ${className}`}>{children}</span>;
}

function Status({ apiKey: key }: { apiKey: Key }) {
  const { m } = useSpeech();
  const now = useNow(60_000);
  const expired = now !== null && key.expires_at !== null && Date.parse(key.expires_at) <= now.getTime();
  const text = key.status === 'disabled' ? m.keys.disabled : expired ? m.keys.expired : m.keys.active;
  const good = key.status === 'active' && !expired;
  return (
    <Badge className={good ? 'bg-sunken text-good' : 'bg-warn-wash text-warn'}>
      <span data-status>{text}</span>
    </Badge>
  );
}

/** How many addresses a row names before it counts the rest. */
const namedAddresses = 4;

function Facts({ apiKey: key, maker }: { apiKey: Key; maker: Key | undefined }) {
  const { m, fill, number, date, time } = useSpeech();
  const named = key.allowed_addresses.slice(0, namedAddresses).join(', ');
  const rest = key.allowed_addresses.length - namedAddresses;
  const addresses = rest > 0 ? fill(m.keys.moreAddresses, { addresses: named, n: number(rest) }) : named;
  const limits = amountLimits.flatMap((name) => (key[name] === null ? [] : [fill(m.keys.limit[name], { n: number(key[name]) })]));
  const facts = [
    { name: 'scopes', term: m.keys.may, text: key.scopes.map((scope) => m.scopes[scope]).join(' · ') },
    { name: 'addresses', term: m.keys.from, text: addresses || m.keys.anywhere },
    { name: 'limits', term: m.keys.limits, text: limits.join(' · ') },
    { name: 'expires', term: m.keys.expiry, text: key.expires_at ? `${time(key.expires_at)} UTC` : m.keys.noExpiry },
    { name: 'last-used', term: m.keys.lastUsed, text: key.last_used_at ? `${time(key.last_used_at)} UTC` : m.keys.never },
    { name: 'created', term: m.keys.created, text: date(key.created_at) },
    { name: 'made-by', term: m.keys.madeBy, text: useMaker(key, maker) },
  ];
  return (
    <dl className="mt-0.5 grid grid-cols-[auto_1fr] gap-x-2 text-sm sm:grid-cols-[auto_1fr_auto_1fr]">
      {facts
        .filter(({ text }) => text !== '')
        .map(({ name, term, text }) => (
          <div key={name} className="contents">
            <dt className="text-soft">{term}</dt>
            <dd data-fact={name} className="min-w-0 break-words">
              <bdi>{text}</bdi>
            </dd>
          </div>
        ))}
    </dl>
  );
}

/** Who created a key; empty if that was not recorded. */
function useMaker(key: Key, maker: Key | undefined): string {
  const { m, fill } = useSpeech();
  if (key.created_by === 'operator') return m.keys.byOperator;
  if (maker) return fill(m.keys.byKey, { label: maker.label });
  return key.created_by_key_id ? m.keys.byOtherKey : key.created_by;
}
