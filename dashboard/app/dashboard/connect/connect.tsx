'use client';

import { Suspense, useId, useState, type SubmitEvent } from 'react';
import { createKey, ownServer, type ApiError, type MintedKey, type Model, type Result } from '@/app/lib/api';
import { sessionLimits } from '@/app/lib/policy';
import { checkSession, type OwnKey } from '@/app/lib/session';
import { button, field } from '@/app/ui/button';
import { Frame, Missing, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { blank, newKeyOf } from '../keys/draft';
import { fieldProblems, FormTrouble, Problem } from '../keys/key-fields';
import { SecretOnce } from '../keys/secret-once';
import { SetUp } from './set-up';

interface ConnectProps {
  address: string;
  models: Promise<Result<Model[]>>;
  own: Promise<Result<OwnKey>>;
}

/** The way to a first answer: a key for a program, then a tool with that key. The key stays on this page alone. */
export function Connect({ address, models, own }: ConnectProps) {
  const { m } = useSpeech();
  const [minted, setMinted] = useState<MintedKey | null>(null);
  return (
    <div className="grid grid-cols-1 items-start gap-3 lg:grid-cols-3">
      <div className="min-w-0">{minted ? <SecretOnce minted={minted} onDone={() => setMinted(null)} /> : <ProgramKey own={own} onCreated={setMinted} />}</div>
      <Frame title={m.connect.setUp} className="lg:col-span-2">
        {minted ? null : <p className="mb-2 text-sm text-soft">{m.connect.withoutKey}</p>}
        <Suspense fallback={<Waiting className="h-[480px]" />}>
          <SetUp address={address} apiKey={minted?.key ?? null} models={models} />
        </Suspense>
      </Frame>
    </div>
  );
}

function ProgramKey({ own: initial, onCreated }: { own: Promise<Result<OwnKey>>; onCreated: (minted: MintedKey) => void }) {
  const { m } = useSpeech();
  const own = useResource(initial, 'own', (signal) => checkSession({ ...ownServer, signal }));
  return (
    <Panel title={m.connect.makeKey} resource={own} missing={m.missing.keys} skeleton={<Waiting className="h-[176px]" />}>
      {(value) => <ProgramKeyForm own={value} onCreated={onCreated} />}
    </Panel>
  );
}

/** A form with a label alone: a key for a program, within the limits of the calling key. */
function ProgramKeyForm({ own: { key, role }, onCreated }: { own: OwnKey; onCreated: (minted: MintedKey) => void }) {
  const { m } = useSpeech();
  const own = key ?? sessionLimits;
  const id = useId();
  const [label, setLabel] = useState('');
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const draft = blank(own, role ?? 'user');
  if (!own.scopes.includes('keys') || draft.purpose !== 'program') return <Missing sentence={own.scopes.includes('keys') ? m.connect.noPrograms : m.missing.keys} />;

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setWorking(true);
    const answer = await createKey(newKeyOf({ ...draft, label: label.trim() || m.connect.label }, own));
    setWorking(false);
    setError(answer.ok ? null : answer.error);
    if (answer.ok) onCreated(answer.value);
  };
  const problem = fieldProblems(error).label;
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <p className="mb-2 text-sm">{m.connect.keyLead}</p>
      <label htmlFor={id} className="text-sm font-semibold">
        {m.keys.label}
      </label>
      <input
        id={id}
        type="text"
        className={`${field} mt-0.5`}
        autoComplete="off"
        placeholder={m.connect.label}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem ${id}-hint`}
        value={label}
        onChange={(event) => setLabel(event.target.value)}
      />
      <Problem id={`${id}-problem`} text={problem} />
      <p id={`${id}-hint`} className="mb-2 text-sm text-soft">
        {m.keys.labelHint}
      </p>
      <FormTrouble error={error} {...(error?.kind === 'conflict' ? { words: { title: m.keys.full, hint: m.keys.fullHint } } : {})} />
      <button type="submit" className={button.primary} disabled={working}>
        {working ? m.keys.creating : m.connect.create}
      </button>
    </form>
  );
}
