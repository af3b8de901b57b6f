import type { ReactNode } from 'react';

/** The narrow sheet that every page of the sign-in is. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="mx-auto max-w-[528px] rounded-md border border-line bg-surface p-2 sm:mt-4 sm:p-4">
      <h1 className="text-xl">{title}</h1>
      {children}
    </div>
  );
}

/** Why the viewer is here, above the forms. */
export function Notice({ children }: { children: ReactNode }) {
  return (
    <p role="status" className="mt-3 rounded-md border border-line bg-warn-wash px-2 py-1.5 text-sm text-warn">
      {children}
    </p>
  );
}

/** A line between two ways to sign in. */
export function Or({ text }: { text: string }) {
  return (
    <p className="my-3 flex items-center gap-2 text-sm text-soft before:h-px before:grow before:bg-line after:h-px after:grow after:bg-line">{text}</p>
  );
}
