'use client';

import { useId, useState, type SubmitEvent } from 'react';
import { rotateKey, type ApiError, type Key, type MintedKey } from '@/app/lib/api';
import { button, field } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { useSpeech } from '@/app/ui/preferences';
import { Trouble } from '@/app/ui/trouble';

interface RotateKeyProps {
  apiKey: Key;
  isOwn: boolean;
  onClose: () => void;
  onRotated: (minted: MintedKey) => void;
}

const hourSeconds = 3600;

export function RotateKey({ apiKey, isOwn, onClose, onRotated }: RotateKeyProps) {
  const { m, fill } = useSpeech();
  const grace = useId();
  const [graceSeconds, setGraceSeconds] = useState(0);
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const choices = [
    { seconds: 0, text: m.keys.graceNow },
    { seconds: hourSeconds, text: m.keys.graceHour },
    { seconds: 24 * hourSeconds, text: m.keys.graceDay },
    { seconds: 7 * 24 * hourSeconds, text: m.keys.graceWeek },
  ];

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setWorking(true);
    const answer = await rotateKey(apiKey.id, graceSeconds);
    setWorking(false);
    if (answer.ok) onRotated(answer.value);
    else setError(answer.error);
  };

  return (
    <Dialog title={fill(m.keys.rotateTitle, { label: apiKey.label })} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p>{m.keys.rotateLead}</p>
        {isOwn ? <p className="mt-1 rounded-md bg-accent-wash px-2 py-1 text-sm font-semibold text-accent-ink">{m.keys.rotateOwn}</p> : null}
        <label htmlFor={grace} className="mt-2 block text-sm font-semibold">
          {m.keys.grace}
        </label>
        <select
          id={grace}
          className={`${field} mt-0.5`}
          aria-describedby={`${grace}-hint`}
          value={graceSeconds}
          onChange={(event) => setGraceSeconds(Number(event.target.value))}
        >
          {choices.map(({ seconds, text }) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </select>
        <p id={`${grace}-hint`} className="mb-2 text-sm text-soft">
          {m.keys.rotateHint}
        </p>
        {error ? (
          <div className="mb-2">
            <Trouble error={error} />
          </div>
        ) : null}
        <div className="flex justify-end gap-1">
          <button type="button" className={button.quiet} onClick={onClose}>
            {m.keys.cancel}
          </button>
          <button type="submit" className={button.primary} disabled={working}>
            {working ? m.keys.rotating : m.keys.submitRotate}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
