'use client';

import { useEffect, useId, useRef, useState, type ReactNode, type SubmitEvent } from 'react';
import type { ApiError } from '@/app/lib/api';
import { askForLink } from '@/app/lib/session';
import { button, field } from '@/app/ui/button';
import { Trouble } from '@/app/ui/trouble';
import { Card } from './card';
import { LinkSent } from './link-sent';
import type { SignInWords } from './messages';

interface EmailSignInProps {
  words: Pick<SignInWords, 'mail' | 'sent'>;
  title: string;
  lead: string;
  /** Why the viewer is here. */
  notice: ReactNode;
  /** The other ways to sign in. */
  children: ReactNode;
}

type State = { step: 'idle' | 'working' | 'invalid' } | { step: 'sent'; email: string } | { step: 'failed'; error: ApiError };

/** The sign-in page where links are sent by mail. Without scripts the form leads to a page that says the same as this one then does. */
export function EmailSignIn({ words, title, lead, notice, children }: EmailSignInProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [state, setState] = useState<State>({ step: 'idle' });

  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const email = input.current?.value.trim() ?? '';
    if (!/^[^@\s]+@[^@\s]+$/.test(email)) {
      refuse({ step: 'invalid' });
      return;
    }
    setState({ step: 'working' });
    const answer = await askForLink(email);
    if (answer.ok) setState({ step: 'sent', email });
    else refuse(answer.error.kind === 'invalid' ? { step: 'invalid' } : { step: 'failed', error: answer.error });
  };
  const refuse = (problem: State) => {
    setState(problem);
    input.current?.focus();
  };

  if (state.step === 'sent') return <Sent words={words.sent} email={state.email} onAgain={() => setState({ step: 'idle' })} />;
  // Of these two, the usual words would blame the viewer for what the service cannot do.
  const isOff = state.step === 'failed' && (state.error.kind === 'conflict' || state.error.kind === 'not_found');
  return (
    <Card title={title}>
      {notice}
      <form method="post" action="/dashboard/session/mail" onSubmit={(event) => void submit(event)} noValidate>
        <p className="mt-1 text-soft">{lead}</p>
        <label htmlFor={id} className="mt-3 block font-semibold">
          {words.mail.label}
        </label>
        <input
          ref={input}
          id={id}
          name="email"
          type="email"
          className={`${field} mt-1`}
          autoComplete="email"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={254}
          aria-invalid={state.step === 'invalid'}
          aria-describedby={`${id}-problem`}
        />
        <div id={`${id}-problem`} role="alert" className="text-sm text-bad">
          {state.step === 'invalid' ? <p className="mt-1">{words.mail.invalid}</p> : null}
        </div>
        {state.step === 'failed' ? (
          <div className="mt-2">
            <Trouble error={state.error} {...(isOff ? { words: { title: words.mail.unavailable, hint: words.mail.unavailableHint } } : {})} />
          </div>
        ) : null}
        <button type="submit" className={`${button.primary} mt-2 min-h-6 w-full text-base`} disabled={state.step === 'working'}>
          {state.step === 'working' ? words.mail.working : words.mail.submit}
        </button>
      </form>
      {children}
    </Card>
  );
}

function Sent({ words, email, onAgain }: { words: SignInWords['sent']; email: string; onAgain: () => void }) {
  const message = useRef<HTMLDivElement>(null);
  // The button that had the focus is gone.
  useEffect(() => message.current?.focus(), []);
  return (
    <div ref={message} tabIndex={-1} className="outline-none" data-sent>
      <Card title={words.title}>
        <LinkSent words={words} email={email} />
        <button type="button" className={`${button.quiet} mt-3`} onClick={onAgain}>
          {words.again}
        </button>
      </Card>
    </div>
  );
}
