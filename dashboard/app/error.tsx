'use client';

import { button } from './ui/button';
import { useSpeech } from './ui/preferences';

export default function Broken({ reset }: { error: Error; reset: () => void }) {
  const { m } = useSpeech();
  return (
    <>
      <h1 className="text-xl">{m.broken.title}</h1>
      <p className="mt-1 mb-3 text-soft">{m.broken.lead}</p>
      <button type="button" className={button.primary} onClick={reset}>
        {m.broken.retry}
      </button>
    </>
  );
}
