'use client';

import { useState, type SubmitEvent } from 'react';
import { createKey, type ApiError, type MintedKey, type NewKey } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { Frame } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { Trouble } from '@/app/ui/trouble';
import { expiryOf, fieldProblems, isGeneral, isPast, KeyFields, type KeyDraft } from './key-fields';

const blank: KeyDraft = { label: '', expires: '' };

export function CreateKey({ onCreated }: { onCreated: (minted: MintedKey) => void }) {
  const { m } = useSpeech();
  const [draft, setDraft] = useState(blank);
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const expiry = expiryOf(draft);
    if (isPast(expiry)) {
      setError({ kind: 'invalid', message: '', fields: { expires_at: m.keys.past } });
      return;
    }
    setWorking(true);
    const answer = await createKey(newKeyOf(draft, expiry));
    setWorking(false);
    setError(answer.ok ? null : answer.error);
    if (!answer.ok) return;
    setDraft(blank);
    onCreated(answer.value);
  };

  return (
    <Frame title={m.keys.create}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <KeyFields draft={draft} problems={fieldProblems(error)} onChange={setDraft} />
        {isGeneral(error) ? (
          <div className="mb-2">
            <Trouble error={error} />
          </div>
        ) : null}
        <button type="submit" className={button.primary} disabled={working}>
          {working ? m.keys.creating : m.keys.submitCreate}
        </button>
      </form>
    </Frame>
  );
}

/** What was left empty is left out: the service then gives its default. */
function newKeyOf(draft: KeyDraft, expiry: string | null): NewKey {
  const key: NewKey = {};
  if (draft.label.trim()) key.label = draft.label.trim();
  if (expiry) key.expires_at = expiry;
  return key;
}
