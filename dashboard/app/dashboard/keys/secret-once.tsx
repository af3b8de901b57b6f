'use client';

import { useEffect, useId, useRef, type ReactNode } from 'react';
import type { MintedKey } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { CopyButton } from '@/app/ui/copy';
import { useSpeech } from '@/app/ui/preferences';

/** A new secret, shown once; below it what can be done with it. */
export function SecretOnce({ minted, onDone, children }: { minted: MintedKey; onDone: () => void; children?: ReactNode }) {
  const { m, fill } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => heading.current?.focus(), []);
  return (
    <section aria-labelledby={id} className="mb-3 rounded-md border-2 border-accent bg-surface p-2 sm:p-3">
      <h2 id={id} ref={heading} tabIndex={-1} className="text-lg outline-none">
        {fill(m.keys.secretTitle, { label: minted.label })}
      </h2>
      <p className="mb-2">{m.keys.secretOnce}</p>
      <div className="flex flex-wrap items-center gap-1">
        <code data-secret className="min-w-0 grow rounded-md bg-sunken px-2 py-1.5 font-mono text-base break-all sm:text-lg">
          {minted.key}
        </code>
        <CopyButton text={minted.key} className={button.primary} messages={{ idle: m.keys.copy, done: m.keys.copied, failed: m.keys.copyFailed }} />
        <button type="button" className={button.quiet} onClick={onDone}>
          {m.keys.done}
        </button>
      </div>
      {children}
    </section>
  );
}
