'use client';

import { useState } from 'react';
import { updateKey, type ApiError, type Key } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { useSpeech } from '@/app/ui/preferences';
import { leaveWithout } from '@/app/ui/session';
import { FormTrouble } from './key-fields';

interface SwitchKeyProps {
  apiKey: Key;
  isOwn: boolean;
  /** Whether it is to be enabled. */
  on: boolean;
  onClose: () => void;
  onSwitched: (key: Key) => void;
}

/** Disables a key, or enables one that is disabled. */
export function SwitchKey({ apiKey, isOwn, on, onClose, onSwitched }: SwitchKeyProps) {
  const { m, fill } = useSpeech();
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const words = on
    ? { title: m.keys.enableTitle, lead: m.keys.enableLead, submit: m.keys.submitEnable, working: m.keys.enabling }
    : { title: m.keys.disableTitle, lead: m.keys.disableLead, submit: m.keys.submitDisable, working: m.keys.disabling };

  const turn = async () => {
    setWorking(true);
    const answer = await updateKey(apiKey.id, { status: on ? 'active' : 'disabled' });
    if (answer.ok && isOwn && !on) {
      await leaveWithout('disabled');
      return;
    }
    setWorking(false);
    if (answer.ok) onSwitched(apiKey);
    else setError(answer.error);
  };

  return (
    <Dialog title={fill(words.title, { label: apiKey.label })} onClose={onClose}>
      {isOwn && !on ? <p className="mb-1 rounded-md bg-bad-wash px-2 py-1 font-semibold text-bad">{m.keys.disableOwn}</p> : null}
      <p className="mb-2">{fill(words.lead, { prefix: `${apiKey.prefix}…` })}</p>
      <FormTrouble error={error} />
      <div className="flex justify-end gap-1">
        <button type="button" className={button.quiet} onClick={onClose}>
          {m.keys.cancel}
        </button>
        <button type="button" className={on ? button.primary : button.danger} disabled={working} onClick={() => void turn()}>
          {working ? words.working : words.submit}
        </button>
      </div>
    </Dialog>
  );
}
