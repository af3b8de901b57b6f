'use client';

import { useState, type SubmitEvent } from 'react';
import { updateKey, type ApiError, type Key, type KeyChange } from '@/app/lib/api';
import { entriesOf } from '@/app/lib/addresses';
import { choosable, expiryOf, problemsOf, sameScopes, type KeyDraft, type Limits } from '@/app/lib/policy';
import { button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { useSpeech } from '@/app/ui/preferences';
import { fieldProblems, FormTrouble, KeyFields } from './key-fields';
import { ScopeBoxes } from './scope-fields';

interface EditKeyProps {
  apiKey: Key;
  isOwn: boolean;
  /** The limits of what the viewer is signed in with, where they are known. */
  own: Limits | null;
  onClose: () => void;
  onSaved: (key: Key) => void;
}

export function EditKey({ apiKey, isOwn, own, onClose, onSaved }: EditKeyProps) {
  const { m, fill } = useSpeech();
  const before: KeyDraft = { label: apiKey.label, expires: apiKey.expires_at?.slice(0, 10) ?? '', scopes: apiKey.scopes, addresses: apiKey.allowed_addresses.join('\n') };
  const [draft, setDraft] = useState(before);
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = problemsOf(draft, own, new Date(), m, before);
    if (Object.keys(fields).length > 0) {
      setError({ kind: 'invalid', message: '', fields });
      return;
    }
    const change = changeOf(before, draft, own);
    if (Object.keys(change).length === 0) {
      onClose();
      return;
    }
    setWorking(true);
    const answer = await updateKey(apiKey.id, change);
    setWorking(false);
    if (answer.ok) onSaved({ ...apiKey, label: change.label ?? apiKey.label });
    else setError(answer.error);
  };

  const problems = fieldProblems(error);
  const losesKeys = isOwn && apiKey.scopes.includes('keys') && !draft.scopes.includes('keys');
  return (
    <Dialog title={fill(m.keys.editTitle, { label: apiKey.label })} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <KeyFields draft={draft} problems={problems} own={own} isOwn={isOwn} onChange={setDraft}>
          <ScopeBoxes
            offered={own ? choosable(own, apiKey.scopes) : apiKey.scopes}
            chosen={draft.scopes}
            problem={problems.scopes}
            note={losesKeys ? fill(m.keys.losesKeys, { scope: m.scopes.keys }) : undefined}
            onChange={(scopes) => setDraft({ ...draft, scopes })}
          />
        </KeyFields>
        <FormTrouble error={error} />
        <div className="flex justify-end gap-1">
          <button type="button" className={button.quiet} onClick={onClose}>
            {m.keys.cancel}
          </button>
          <button type="submit" className={button.primary} disabled={working}>
            {working ? m.keys.saving : m.keys.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What of a key differs. Untouched, an expiry keeps its hour. */
function changeOf(before: KeyDraft, draft: KeyDraft, own: Limits | null): KeyChange {
  const change: KeyChange = {};
  const addresses = entriesOf(draft.addresses);
  if (draft.label !== before.label) change.label = draft.label.trim();
  if (draft.expires !== before.expires) change.expires_at = expiryOf(draft, own?.expires_at ?? null);
  if (!sameScopes(draft.scopes, before.scopes)) change.scopes = [...draft.scopes];
  if (addresses.join() !== entriesOf(before.addresses).join()) change.allowed_addresses = addresses;
  return change;
}
