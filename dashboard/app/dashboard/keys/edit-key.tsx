'use client';

import { useState, type SubmitEvent } from 'react';
import { updateKey, type ApiError, type Key, type KeyChange } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { useSpeech } from '@/app/ui/preferences';
import { Trouble } from '@/app/ui/trouble';
import { expiryOf, fieldProblems, isGeneral, isPast, KeyFields, type KeyDraft } from './key-fields';

interface EditKeyProps {
  apiKey: Key;
  onClose: () => void;
  onSaved: (key: Key) => void;
}

export function EditKey({ apiKey, onClose, onSaved }: EditKeyProps) {
  const { m, fill } = useSpeech();
  const before: KeyDraft = { label: apiKey.label, expires: apiKey.expires_at?.slice(0, 10) ?? '' };
  const [draft, setDraft] = useState(before);
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const change: KeyChange = {};
    if (draft.label !== before.label) change.label = draft.label.trim();
    // Untouched, an expiry keeps its hour.
    if (draft.expires !== before.expires) change.expires_at = expiryOf(draft);
    if (Object.keys(change).length === 0) {
      onClose();
      return;
    }
    if (isPast(change.expires_at ?? null)) {
      setError({ kind: 'invalid', message: '', fields: { expires_at: m.keys.past } });
      return;
    }
    setWorking(true);
    const answer = await updateKey(apiKey.id, change);
    setWorking(false);
    if (answer.ok) onSaved({ ...apiKey, label: change.label ?? apiKey.label });
    else setError(answer.error);
  };

  return (
    <Dialog title={fill(m.keys.editTitle, { label: apiKey.label })} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <KeyFields draft={draft} problems={fieldProblems(error)} onChange={setDraft} />
        {isGeneral(error) ? (
          <div className="mb-2">
            <Trouble error={error} />
          </div>
        ) : null}
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
