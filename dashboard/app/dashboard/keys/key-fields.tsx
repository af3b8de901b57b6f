'use client';

import { useId, type ReactNode } from 'react';
import type { ApiError } from '@/app/lib/api';
import { field } from '@/app/ui/button';
import { useSpeech } from '@/app/ui/preferences';

/** What a form says about a key; `expires` is a UTC date, or empty. */
export interface KeyDraft {
  label: string;
  expires: string;
}

interface KeyFieldsProps {
  draft: KeyDraft;
  problems: Record<string, string>;
  onChange: (draft: KeyDraft) => void;
}

/** Label and expiry, each with its hint and whatever the service said about it. */
export function KeyFields({ draft, problems, onChange }: KeyFieldsProps) {
  const { m } = useSpeech();
  return (
    <>
      <Field label={m.keys.label} hint={m.keys.labelHint} problem={problems.label}>
        {(bound) => (
          <input {...bound} type="text" autoComplete="off" value={draft.label} onChange={(event) => onChange({ ...draft, label: event.target.value })} />
        )}
      </Field>
      <Field label={m.keys.expires} hint={m.keys.expiresHint} problem={problems.expires_at}>
        {(bound) => (
          <input {...bound} type="date" value={draft.expires} onChange={(event) => onChange({ ...draft, expires: event.target.value })} />
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
      <p id={`${id}-problem`} role="alert" className="text-sm text-bad">
        {problem}
      </p>
      <p id={`${id}-hint`} className="text-sm text-soft">
        {hint}
      </p>
    </div>
  );
}

/** The end of the chosen UTC day, or null for a key that does not expire. */
export function expiryOf(draft: KeyDraft): string | null {
  return draft.expires ? `${draft.expires}T23:59:59Z` : null;
}

export function isPast(expiry: string | null): boolean {
  return expiry !== null && !(Date.parse(expiry) > Date.now());
}

/** The problems of a refused form that belong to one of its fields. */
export function fieldProblems(error: ApiError | null): Record<string, string> {
  return error?.kind === 'invalid' ? error.fields : {};
}

/** Whether an error has to be told beside the form, since no field of it can. */
export function isGeneral(error: ApiError | null): error is ApiError {
  return error !== null && !['label', 'expires_at'].some((name) => name in fieldProblems(error));
}
