'use client';

import { useState } from 'react';
import { revokeKey, type ApiError, type Key } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { useSpeech } from '@/app/ui/preferences';
import { leaveFor } from '@/app/ui/session';
import { Trouble } from '@/app/ui/trouble';

interface RevokeKeyProps {
  apiKey: Key;
  isOwn: boolean;
  onClose: () => void;
  onRevoked: (key: Key) => void;
}

export function RevokeKey({ apiKey, isOwn, onClose, onRevoked }: RevokeKeyProps) {
  const { m, fill } = useSpeech();
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const revoke = async () => {
    setWorking(true);
    const answer = await revokeKey(apiKey.id);
    setWorking(false);
    if (!answer.ok) setError(answer.error);
    else if (isOwn) leaveFor('/dashboard/login?reason=revoked');
    else onRevoked(apiKey);
  };

  return (
    <Dialog title={fill(m.keys.revokeTitle, { label: apiKey.label })} onClose={onClose}>
      {isOwn ? <p className="mb-1 rounded-md bg-bad-wash px-2 py-1 font-semibold text-bad">{m.keys.revokeOwn}</p> : null}
      <p className="mb-2">{fill(m.keys.revokeLead, { prefix: `${apiKey.prefix}…` })}</p>
      {error ? (
        <div className="mb-2">
          <Trouble error={error} />
        </div>
      ) : null}
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
