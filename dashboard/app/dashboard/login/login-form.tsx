'use client';

import { useId, useRef, useState, type SubmitEvent } from 'react';
import type { Result, Validation } from '@/app/lib/api';
import { signIn } from '@/app/lib/session';
import { button, field } from '@/app/ui/button';
import { useSpeech } from '@/app/ui/preferences';
import { leaveFor } from '@/app/ui/session';
import { Trouble } from '@/app/ui/trouble';

type State = { step: 'idle' | 'working' | 'empty' } | { step: 'answered'; answer: Result<Validation> };

export function LoginForm() {
  const { m } = useSpeech();
  const ids = { key: useId(), hint: useId(), problem: useId() };
  const input = useRef<HTMLInputElement>(null);
  const [shown, setShown] = useState(false);
  const [state, setState] = useState<State>({ step: 'idle' });

  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = input.current?.value ?? '';
    if (!key.trim()) {
      refuse({ step: 'empty' });
      return;
    }
    setState({ step: 'working' });
    const answer = await signIn(key);
    if (answer.ok && answer.value.valid) leaveFor('/dashboard');
    else refuse({ step: 'answered', answer });
  };
  const refuse = (problem: State) => {
    setState(problem);
    input.current?.focus();
  };

  const refusal = state.step === 'answered' && state.answer.ok ? state.answer.value : null;
  const error = state.step === 'answered' && !state.answer.ok ? state.answer.error : null;
  const invalid = state.step === 'empty' || refusal !== null;
  return (
    // The address and the method are for a form sent before this script runs: the key must never be part of a URL.
    <form method="post" action="/dashboard/session" className="mt-3" onSubmit={(event) => void submit(event)} noValidate>
      <label htmlFor={ids.key} className="font-semibold">
        {m.login.key}
      </label>
      <div className="mt-1 flex gap-1">
        <input
          ref={input}
          id={ids.key}
          name="token"
          type={shown ? 'text' : 'password'}
          className={`${field} min-w-0 font-mono`}
          autoComplete="current-password"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          aria-invalid={invalid}
          aria-describedby={`${ids.problem} ${ids.hint}`}
        />
        <button type="button" className={`${button.quiet} min-h-6 shrink-0`} aria-pressed={shown} aria-controls={ids.key} onClick={() => setShown(!shown)}>
          {shown ? m.login.hide : m.login.show}
        </button>
      </div>
      <div id={ids.problem} role="alert" className="text-sm text-bad">
        {state.step === 'empty' ? <p className="mt-1">{m.login.empty}</p> : null}
        {refusal ? (
          <p className="mt-1">
            <strong className="font-semibold">{m.login.refused}</strong> {m.login.refusedHint}
          </p>
        ) : null}
      </div>
      <p id={ids.hint} className="mt-1 text-sm text-soft">
        {m.login.hint}
      </p>
      {error ? (
        <div className="mt-2">
          <Trouble error={error} />
        </div>
      ) : null}
      <button type="submit" className={`${button.primary} mt-2 min-h-6 w-full text-base`} disabled={state.step === 'working'}>
        {state.step === 'working' ? m.login.working : m.login.submit}
      </button>
    </form>
  );
}
