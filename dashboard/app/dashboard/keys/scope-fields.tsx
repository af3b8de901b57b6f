'use client';

import { useId, type ReactNode } from 'react';
import type { Scope } from '@/app/lib/policy';
import { useSpeech } from '@/app/ui/preferences';
import { Problem } from './key-fields';

interface ScopeBoxesProps {
  offered: readonly Scope[];
  chosen: readonly Scope[];
  problem: string | undefined;
  /** What else there is to know about the choice. */
  note?: string | undefined;
  onChange: (scopes: Scope[]) => void;
}

/** Single scopes to tick. */
export function ScopeBoxes({ offered, chosen, problem, note, onChange }: ScopeBoxesProps) {
  const { m } = useSpeech();
  const id = useId();
  const toggle = (scope: Scope, on: boolean) => onChange(offered.filter((each) => (each === scope ? on : chosen.includes(each))));
  return (
    <fieldset className="mb-2" aria-describedby={`${id}-problem ${id}-note`}>
      <legend className="text-sm font-semibold">{m.keys.scopes}</legend>
      {offered.map((scope) => (
        <Choice key={scope} label={m.scopes[scope]} hint={m.scopeHints[scope]}>
          {(bound) => <input {...bound} type="checkbox" checked={chosen.includes(scope)} onChange={(event) => toggle(scope, event.target.checked)} />}
        </Choice>
      ))}
      <Problem id={`${id}-problem`} text={problem} />
      <p id={`${id}-note`} role="status" className="text-sm text-soft">
        {note}
      </p>
    </fieldset>
  );
}

interface Bound {
  id: string;
  className: string;
  'aria-describedby': string;
}

/** A radio button or a box to tick, with its label and a sentence below. */
export function Choice({ label, hint, children }: { label: string; hint: string; children: (bound: Bound) => ReactNode }) {
  const id = useId();
  return (
    <div className="flex gap-1 py-0.5">
      {children({ id, className: 'mt-0.5 size-2 shrink-0 accent-accent', 'aria-describedby': `${id}-hint` })}
      <div className="min-w-0">
        <label htmlFor={id} className="text-sm font-semibold">
          {label}
        </label>
        <p id={`${id}-hint`} className="text-sm text-soft">
          {hint}
        </p>
      </div>
    </div>
  );
}
