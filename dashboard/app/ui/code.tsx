'use client';

import { useId, useState, type KeyboardEvent } from 'react';
import { button } from '@/app/ui/button';
import { CopyButton } from '@/app/ui/copy';
import { useSpeech } from '@/app/ui/preferences';

/** Code to read and to copy. */
export function Code({ code, subject }: { code: string; subject: string }) {
  const { m } = useSpeech();
  return (
    <div className="my-1 flex flex-col-reverse rounded-md border border-line bg-sunken sm:flex-row sm:items-start">
      <pre role="region" aria-label={subject} tabIndex={0} className="min-w-0 grow overflow-x-auto rounded-md px-2 py-1.5 font-mono text-sm">
        <code>{code}</code>
      </pre>
      <div className="self-end p-1 sm:self-start">
        <CopyButton text={code} className={`${button.quiet} min-h-4 px-1 py-0 text-xs whitespace-nowrap`} subject={subject} messages={{ idle: m.code.copy, done: m.code.copied, failed: m.keys.copyFailed }} />
      </div>
    </div>
  );
}

/** The same call in several languages, one at a time. */
export function Examples({ label, examples }: { label: string; examples: { name: string; code: string }[] }) {
  const id = useId();
  const [chosen, setChosen] = useState(0);
  const example = examples[chosen];
  const press = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = (chosen + step + examples.length) % examples.length;
    setChosen(next);
    document.getElementById(`${id}-tab-${next}`)?.focus();
  };
  if (!example) return null;
  return (
    <div>
      <div role="tablist" aria-label={label} tabIndex={-1} className="mt-1 flex flex-wrap gap-0.5" onKeyDown={press}>
        {examples.map(({ name }, index) => (
          <button
            key={name}
            id={`${id}-tab-${index}`}
            type="button"
            role="tab"
            aria-selected={index === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={index === chosen ? 0 : -1}
            className="rounded-md px-1.5 py-0.5 text-sm font-semibold text-soft hover:bg-sunken hover:text-ink aria-selected:bg-accent-wash aria-selected:text-accent-ink"
            onClick={() => setChosen(index)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${chosen}`}>
        <Code key={example.name} code={example.code} subject={example.name} />
      </div>
    </div>
  );
}
