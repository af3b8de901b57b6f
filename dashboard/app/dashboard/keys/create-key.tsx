'use client';

import { useId, useState, type SubmitEvent } from 'react';
import { createKey, type ApiError, type MintedKey, type Role } from '@/app/lib/api';
import { choosable, defaultScopes, problemsOf, programScopes, type Limits, type Scope } from '@/app/lib/policy';
import { button } from '@/app/ui/button';
import { Frame } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useSession } from '@/app/ui/session';
import { blank, lacksOf, newKeyOf, type NewDraft } from './draft';
import { fieldProblems, FormTrouble, KeyFields } from './key-fields';
import { Choice, ScopeBoxes } from './scope-fields';

interface CreateKeyProps {
  /** The limits of what the viewer is signed in with, where they are known. */
  own: Limits | null;
  role: Role;
  onCreated: (minted: MintedKey, scopes: readonly Scope[]) => void;
}

/** The form for another key. What it is for comes first, in words; single scopes are optional. */
export function CreateKey({ own, role, onCreated }: CreateKeyProps) {
  const { m } = useSpeech();
  const [draft, setDraft] = useState(() => blank(own, role));
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = problemsOf(draft, own, new Date(), m);
    if (Object.keys(fields).length > 0) {
      setError({ kind: 'invalid', message: '', fields });
      return;
    }
    setWorking(true);
    const answer = await createKey(newKeyOf(draft, own));
    setWorking(false);
    setError(answer.ok ? null : answer.error);
    if (!answer.ok) return;
    setDraft(blank(own, role));
    onCreated(answer.value, draft.scopes);
  };

  const problems = fieldProblems(error);
  return (
    <Frame title={m.keys.create}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <KeyFields draft={draft} problems={problems} own={own} onChange={setDraft}>
          <PurposeFields draft={draft} own={own} role={role} problem={problems.scopes} onChange={setDraft} />
        </KeyFields>
        {/* A conflict is only ever that the plan allows no more keys. */}
        <FormTrouble error={error} {...(error?.kind === 'conflict' ? { words: { title: m.keys.full, hint: m.keys.fullHint } } : {})} />
        <button type="submit" className={button.primary} disabled={working}>
          {working ? m.keys.creating : m.keys.submitCreate}
        </button>
      </form>
    </Frame>
  );
}

interface PurposeFieldsProps {
  draft: NewDraft;
  own: Limits | null;
  role: Role;
  problem: string | undefined;
  onChange: (draft: NewDraft) => void;
}

function PurposeFields({ draft, own, role, problem, onChange }: PurposeFieldsProps) {
  const { m, fill } = useSpeech();
  const { signedInBy } = useSession();
  const name = useId();
  const listed = (scopes: readonly Scope[]) => scopes.map((scope) => m.scopes[scope]).join(' · ');
  const choices = [
    { purpose: 'program' as const, scopes: programScopes, label: m.keys.program, hint: m.keys.programHint },
    { purpose: 'everything' as const, scopes: defaultScopes(role), label: m.keys.everything, hint: m.keys.everythingHint },
  ].map(({ hint, ...choice }) => {
    const lacks = lacksOf(choice.scopes, own);
    return { ...choice, possible: lacks.length === 0, hint: lacks.length === 0 ? fill(hint, { scopes: listed(choice.scopes) }) : fill(m.keys.lacks, { scopes: listed(lacks) }) };
  });
  return (
    <>
      <fieldset className="mb-2">
        <legend className="text-sm font-semibold">{m.keys.purpose}</legend>
        {choices.map(({ purpose, scopes, label, hint, possible }) => (
          <Choice key={purpose} label={label} hint={hint}>
            {(bound) => (
              <input {...bound} type="radio" name={name} disabled={!possible} checked={draft.purpose === purpose} onChange={() => onChange({ ...draft, purpose, scopes })} />
            )}
          </Choice>
        ))}
        <Choice label={m.keys.choose} hint={signedInBy === 'session' ? m.keys.chooseHintSession : m.keys.chooseHint}>
          {(bound) => <input {...bound} type="radio" name={name} checked={draft.purpose === 'choose'} onChange={() => onChange({ ...draft, purpose: 'choose' })} />}
        </Choice>
      </fieldset>
      {draft.purpose === 'choose' ? (
        <ScopeBoxes
          offered={own ? choosable(own) : defaultScopes(role)}
          chosen={draft.scopes}
          problem={problem}
          onChange={(scopes) => onChange({ ...draft, scopes })}
        />
      ) : null}
    </>
  );
}
