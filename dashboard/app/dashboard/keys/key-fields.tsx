'use client';

import { useId, type ReactNode } from 'react';
import type { ApiError } from '@/app/lib/api';
import { lastDay, type KeyDraft, type Limits } from '@/app/lib/policy';
import { field } from '@/app/ui/button';
import { useSpeech } from '@/app/ui/preferences';
import { Trouble } from '@/app/ui/trouble';

interface KeyFieldsProps<Draft extends KeyDraft> {
  draft: Draft;
  problems: Record<string, string>;
  /** The limits of what the viewer is signed in with: no key can reach further. */
  own: Limits | null;
  /** Whether the form is about that very key. */
  isOwn?: boolean;
  onChange: (draft: Draft) => void;
  /** The choice of scopes, which stands after the label. */
  children: ReactNode;
}

/** How high the addresses grow before they scroll. */
const mostLines = 8;

/** Label, scopes, addresses and expiry, each with its hint and whatever is wrong with it. */
export function KeyFields<Draft extends KeyDraft>({ draft, problems, own, isOwn = false, onChange, children }: KeyFieldsProps<Draft>) {
  const { m, fill, time } = useSpeech();
  const limits = own?.allowed_addresses ?? [];
  const addressesHint = limits.length > 0 ? fill(m.keys.addressesWithin, { addresses: limits.join(', ') }) : m.keys.addressesHint;
  const expiresHint = own?.expires_at ? fill(m.keys.expiresWithin, { time: time(own.expires_at) }) : m.keys.expiresHint;
  return (
    <>
      <Field label={m.keys.label} hint={m.keys.labelHint} problem={problems.label}>
        {(bound) => (
          <input {...bound} type="text" autoComplete="off" value={draft.label} onChange={(event) => onChange({ ...draft, label: event.target.value })} />
        )}
      </Field>
      {children}
      <Field label={m.keys.addresses} hint={isOwn ? `${addressesHint} ${m.keys.addressesOwn}` : addressesHint} problem={problems.allowed_addresses}>
        {(bound) => (
          <textarea
            {...bound}
            className={`${bound.className} block resize-y py-1 font-mono text-sm`}
            rows={Math.min(mostLines, Math.max(2, draft.addresses.split('\n').length))}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={draft.addresses}
            onChange={(event) => onChange({ ...draft, addresses: event.target.value })}
          />
        )}
      </Field>
      <Field label={m.keys.expires} hint={expiresHint} problem={problems.expires_at}>
        {(bound) => (
          <input {...bound} type="date" max={own?.expires_at?.slice(0, 10) ?? lastDay} value={draft.expires} onChange={(event) => onChange({ ...draft, expires: event.target.value })} />
        )}
      </Field>
    </>
  );
}

interface Bound {
  id: string;
  className: string;
  'aria-invalid': boolean;
  'aria-describedby': string;
}

function Field({ label, hint, problem, children }: { label: string; hint: string; problem: string | undefined; children: (bound: Bound) => ReactNode }) {
  const id = useId();
  return (
    <div className="mb-2">
      <label htmlFor={id} className="text-sm font-semibold">
        {label}
      </label>
      {children({ id, className: `${field} mt-0.5`, 'aria-invalid': problem !== undefined, 'aria-describedby': `${id}-problem ${id}-hint` })}
      <Problem id={`${id}-problem`} text={problem} />
      <p id={`${id}-hint`} className="text-sm break-words text-soft">
        {hint}
      </p>
    </div>
  );
}

export function Problem({ id, text }: { id: string; text: string | undefined }) {
  return (
    <p id={id} role="alert" className="text-sm break-words text-bad">
      {text}
    </p>
  );
}

/** The error of a form that belongs to none of its fields. */
export function FormTrouble({ error, words }: { error: ApiError | null; words?: { title: string; hint: string } }) {
  if (!isGeneral(error)) return null;
  return (
    <div className="mb-2">
      <Trouble error={error} {...(words ? { words } : {})} />
    </div>
  );
}

/** The problems of a refused form that belong to one of its fields. */
export function fieldProblems(error: ApiError | null): Record<string, string> {
  return error?.kind === 'invalid' ? error.fields : {};
}

const fieldNames = ['label', 'scopes', 'allowed_addresses', 'expires_at'];

function isGeneral(error: ApiError | null): error is ApiError {
  return error !== null && !fieldNames.some((name) => name in fieldProblems(error));
}
