'use client';

import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from 'react';
import { checkSession, signOut } from '@/app/lib/session';
import { button } from './button';
import { useSpeech } from './preferences';

/** Why the service refuses every call of the session, though the key is good. */
export type Bar = 'suspended' | 'ip_not_allowed';

/** What the viewer is signed in with. */
export type SignedInBy = 'key' | 'session';

interface Session {
  signedInBy: SignedInBy | null;
  barred: Bar | null;
  setBarred: (barred: Bar | null) => void;
  /** Called on a 401: goes to the sign-in if the session is over, and returns whether it is. */
  checkEnd: () => Promise<boolean>;
}

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ signedInBy, children }: { signedInBy: SignedInBy | null; children: ReactNode }) {
  const [barred, setBarred] = useState<Bar | null>(null);
  const checking = useRef<Promise<boolean> | null>(null);
  const checkEnd = useCallback(() => {
    checking.current ??= leaveIfOver(signedInBy).finally(() => {
      checking.current = null;
    });
    return checking.current;
  }, [signedInBy]);
  const session = useMemo(() => ({ signedInBy, barred, setBarred, checkEnd }), [signedInBy, barred, checkEnd]);
  return <SessionContext value={session}>{children}</SessionContext>;
}

/*
 * A 401 may belong to a call that was on its way while this or another tab
 * rotated the key. Only a second answer, to the cookie as it is, ends the session.
 */
async function leaveIfOver(signedInBy: SignedInBy | null): Promise<boolean> {
  const answer = await checkSession();
  if (answer.ok || answer.error.kind !== 'unauthorized') return false;
  leaveFor(`/dashboard/login?reason=${signedInBy === 'session' ? 'ended' : 'expired'}`);
  return true;
}

/** Has the server delete the cookie of a key that was just disabled or revoked, then goes to the sign-in. */
export async function leaveWithout(reason: 'disabled' | 'revoked'): Promise<void> {
  await checkSession();
  leaveFor(`/dashboard/login?reason=${reason}`);
}

/** Leaves by a full page load, so that nothing of the session stays in memory. */
export function leaveFor(path: string): void {
  window.location.assign(path);
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession needs a SessionProvider above it');
  return session;
}

/** Signs out and goes to the sign-in, or says that it did not work. */
function useSignOut(everywhere: boolean) {
  const [state, setState] = useState<'idle' | 'working' | 'failed'>('idle');
  const leave = async () => {
    setState('working');
    const answer = await signOut(everywhere);
    if (answer.ok) leaveFor('/dashboard/login');
    else setState('failed');
  };
  return { state, leave: () => void leave() };
}

export function SignOutButton() {
  const { m } = useSpeech();
  const { state, leave } = useSignOut(false);
  return (
    <div className="flex items-center">
      <span role="status" className="text-sm text-bad">
        {state === 'failed' ? <span className="mr-1">{m.nav.signOutFailed}</span> : null}
      </span>
      <button type="button" className={`${button.quiet} shrink-0`} disabled={state === 'working'} onClick={leave}>
        {m.nav.signOut}
      </button>
    </div>
  );
}

/** Ends every session of the user. */
export function SignOutEverywhere() {
  const { m } = useSpeech();
  const { state, leave } = useSignOut(true);
  return (
    <div className="mt-2 border-t border-line pt-2">
      <button type="button" className={button.quiet} disabled={state === 'working'} onClick={leave} aria-describedby="everywhere">
        {m.nav.everywhere}
      </button>
      <p id="everywhere" className="mt-0.5 text-sm text-soft">
        {m.nav.everywhereHint}
      </p>
      <p role="status" className="text-sm text-bad">
        {state === 'failed' ? m.nav.signOutFailed : ''}
      </p>
    </div>
  );
}
