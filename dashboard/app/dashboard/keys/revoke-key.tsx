'use client';

import { useState } from 'react';
import { revokeKey, type ApiError, type Key } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { useSpeech } from '@/app/ui/preferences';
import { leaveFor, leaveWithout } from '@/app/ui/session';
import { FormTrouble } from './key-fields';
import { Choice } from './scope-fields';

interface RevokeKeyProps {
  apiKey: Key;
  isOwn: boolean;
  /** Whether it created the viewer's own key, directly or through another. */
  hasMadeOwn: boolean;
  onClose: () => void;
  /** `also` is how many other keys were revoked with it. */
  onRevoked: (key: Key, also: number) => void;
}

export function RevokeKey({ apiKey, isOwn, hasMadeOwn, onClose, onRevoked }: RevokeKeyProps) {
  const { m, fill } = useSpeech();
  const [withCreated, setWithCreated] = useState(false);
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const takesOwn = hasMadeOwn && withCreated;

  const revoke = async () => {
    setWorking(true);
    const answer = await revokeKey(apiKey.id, withCreated);
    if (answer.ok && isOwn) {
      // The dashboard's server has deleted the cookie already.
      leaveFor('/dashboard/login?reason=revoked');
      return;
    }
    if (answer.ok && takesOwn) {
      await leaveWithout('revoked');
      return;
    }
    setWorking(false);
    if (answer.ok) onRevoked(apiKey, answer.value.also_revoked ?? 0);
    else setError(answer.error);
  };

  return (
    <Dialog title={fill(m.keys.revokeTitle, { label: apiKey.label })} onClose={onClose}>
      {isOwn ? <p className="mb-1 rounded-md bg-bad-wash px-2 py-1 font-semibold text-bad">{m.keys.revokeOwn}</p> : null}
      <p className="mb-1">{fill(m.keys.revokeLead, { prefix: `${apiKey.prefix}…` })}</p>
      <Choice label={m.keys.revokeCreated} hint={m.keys.revokeCreatedHint}>
        {(bound) => <input {...bound} type="checkbox" checked={withCreated} onChange={(event) => setWithCreated(event.target.checked)} />}
      </Choice>
      <div role="status" className="mb-2">
        {takesOwn ? <p className="rounded-md bg-bad-wash px-2 py-1 font-semibold text-bad">{m.keys.revokeTakesOwn}</p> : null}
      </div>
      <FormTrouble error={error} {...(error?.kind === 'conflict' ? { words: { title: m.keys.revokeMany, hint: m.keys.revokeManyHint } } : {})} />
      <div className="flex justify-end gap-1">
        <button type="button" className={button.quiet} onClick={onClose}>
          {m.keys.cancel}
        </button>
        <button type="button" className={button.danger} disabled={working} onClick={() => void revoke()}>
          {working ? m.keys.revoking : m.keys.submitRevoke}
        </button>
      </div>
    </Dialog>
  );
}
