'use client';

import { Component, useId, type ReactNode } from 'react';
import { useSpeech } from './preferences';
import { barOf, type Resource } from './resource';
import { Trouble } from './trouble';

interface FrameProps {
  title: string;
  /** Controls beside the title. */
  aside?: ReactNode;
  busy?: boolean;
  className?: string;
  children: ReactNode;
}

export function Frame({ title, aside, busy = false, className = '', children }: FrameProps) {
  const { m } = useSpeech();
  const heading = useId();
  return (
    <section aria-labelledby={heading} aria-busy={busy} className={`flex min-w-0 flex-col rounded-md border border-line bg-surface p-2 sm:px-3 sm:pb-3 ${className}`}>
      <div className="mb-2 flex min-h-5 flex-wrap items-center justify-between gap-x-2 gap-y-1">
        <h2 id={heading} className="text-base">
          {title}
        </h2>
        {busy ? <span className="late grow text-sm text-soft">{m.loading}</span> : null}
        {aside}
      </div>
      {children}
    </section>
  );
}

interface PanelProps<T> extends Omit<FrameProps, 'busy' | 'children'> {
  resource: Resource<T>;
  /** Shown until the first value arrives. */
  skeleton: ReactNode;
  /** What to say where the key lacks the scope. Without it, such a panel is left out: another one says it. */
  missing?: string;
  children: (value: T) => ReactNode;
}

/** A part of a page with a resource of its own: it loads, fails and recovers without the others. */
export function Panel<T>({ resource, skeleton, missing, children, ...frame }: PanelProps<T>) {
  const { m } = useSpeech();
  const { value, error, busy, reload } = resource;
  const lacksScope = error?.kind === 'insufficient_scope';
  const barred = barOf(error);
  if (lacksScope && value === null && missing === undefined) return null;
  return (
    <Frame {...frame} busy={busy}>
      {barred ? (
        // The banner above the panels says the rest, once.
        value === null && <p className="text-sm text-soft">{barred === 'suspended' ? m.trouble.suspended : m.trouble.address}</p>
      ) : lacksScope ? (
        missing === undefined ? null : <Missing sentence={missing} />
      ) : error ? (
        <div className={value === null ? '' : 'mb-2'}>
          <Trouble error={error} retry={reload} busy={busy} automatic stale={value !== null} />
        </div>
      ) : null}
      {value !== null ? (
        <Guard>{children(value)}</Guard>
      ) : error ? null : (
        skeleton
      )}
    </Frame>
  );
}

/** A missing scope, shown as a hint and not as an error. */
export function Missing({ sentence }: { sentence: string }) {
  return (
    <p role="status" data-missing className="mb-2 last:mb-0 rounded-md bg-sunken px-2 py-1.5 text-sm">
      {sentence}
    </p>
  );
}

/** Keeps an error in one panel from breaking the page. */
class Guard extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? (
      <Trouble error={{ kind: 'server', status: 0, requestId: null }} retry={() => this.setState({ broken: false })} />
    ) : (
      this.props.children
    );
  }
}

/** A panel before its first value, with the height that it will have. */
export function PanelSkeleton({ title, className = '', children }: { title: string; className?: string; children: ReactNode }) {
  return (
    <Frame title={title} busy className={className}>
      {children}
    </Frame>
  );
}

export function Waiting({ className }: { className: string }) {
  return <div className={`waiting rounded-md bg-sunken ${className}`} />;
}

export function Empty({ title, hint, className = '' }: { title: string; hint?: string; className?: string }) {
  return (
    <div className={`flex grow flex-col items-center justify-center rounded-md bg-sunken px-2 py-4 text-center text-sm ${className}`}>
      <p className="font-semibold">{title}</p>
      {hint ? <p className="text-soft">{hint}</p> : null}
    </div>
  );
}
