'use client';

import type { Key } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { useSpeech } from '@/app/ui/preferences';
import type { KeyAction } from './key-ring';

interface KeyListProps {
  rows: readonly Key[];
  /** The key that the viewer is signed in with, where it is known. */
  ownId: string | null;
  onAction: (action: KeyAction, key: Key) => void;
}

export function KeyList({ rows, ownId, onAction }: KeyListProps) {
  const { m, date, time } = useSpeech();
  return (
    <ul className="divide-y divide-line">
      {rows.map((key) => {
        const facts = [
          { name: 'created', term: m.keys.created, text: date(key.created_at) },
          { name: 'last-used', term: m.keys.lastUsed, text: key.last_used_at ? `${time(key.last_used_at)} UTC` : m.keys.never },
          { name: 'expires', term: m.keys.expiry, text: key.expires_at ? `${time(key.expires_at)} UTC` : m.keys.noExpiry },
        ];
        return (
          <li key={key.id} data-key={key.id} className="py-2 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-start justify-between gap-x-2 gap-y-1">
              <div className="min-w-0">
                <h3 className="text-base break-words">
                  <bdi data-label>{key.label}</bdi>
                  {key.id === ownId ? (
                    <span className="ml-1 inline-block rounded-full bg-accent-wash px-1 text-xs leading-3 font-semibold text-accent-ink">{m.keys.current}</span>
                  ) : null}
                </h3>
                <code className="font-mono text-sm text-soft">{key.prefix}…</code>
              </div>
              <div className="flex flex-wrap gap-1" role="group" aria-label={`${m.keys.actions}: ${key.label}`}>
                {(['edit', 'rotate', 'revoke'] as const).map((action) => (
                  <button
                    key={action}
                    type="button"
                    className={button.quiet}
                    aria-label={`${m.keys[action]}: ${key.label}`}
                    // Until it is known which key is the viewer's own, none may be revoked: it might be that one.
                    disabled={action === 'revoke' && ownId === null}
                    onClick={() => onAction(action, key)}
                  >
                    {m.keys[action]}
                  </button>
                ))}
              </div>
            </div>
            <dl className="mt-1 flex flex-wrap gap-x-3 gap-y-0.5 text-sm">
              {facts.map(({ name, term, text }) => (
                <div key={name} className="flex gap-0.5">
                  <dt className="text-soft">{term}</dt>
                  <dd data-fact={name}>{text}</dd>
                </div>
              ))}
            </dl>
          </li>
        );
      })}
    </ul>
  );
}
