'use client';

import { useState } from 'react';

interface CopyButtonProps {
  text: string;
  className: string;
  /** Names what is copied, where several such buttons are on a page. */
  subject?: string;
  messages: { idle: string; done: string; failed: string };
}

export function CopyButton({ text, className, subject, messages }: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle');
  const copy = async () => setState((await copyText(text)) ? 'done' : 'failed');
  return (
    <button type="button" className={className} onClick={() => void copy()} onBlur={() => setState('idle')}>
      <span aria-live="polite">{messages[state]}</span>
      {subject ? <span className="sr-only">: {subject}</span> : null}
    </button>
  );
}

/** Browsers offer the clipboard only on encrypted and local pages; elsewhere the deprecated command is used. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'sr-only';
    document.body.append(area);
    area.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other way on a plain http page
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}
