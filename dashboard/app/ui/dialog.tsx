'use client';

import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';

/** A modal dialog for as long as it is rendered; Escape closes it, and the focus returns to where it came from. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // Closing before the element goes is what hands the focus back.
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      className="w-[calc(100%-32px)] max-w-[520px] rounded-md border border-line bg-surface p-3"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={heading} className="mb-2 text-lg leading-3 break-words">
        {title}
      </h2>
      {children}
    </dialog>
  );
}
