import { ownServer, send, type Key, type Result, type Role, type Validation } from './api';

/*
 * The browser's side of a session. The key goes to the dashboard's server once,
 * when signing in, and never comes back.
 */

const path = '/session';

/** The key that the viewer is signed in with, without its secret; `role` is null where the key may not read it. */
export interface OwnKey {
  key: Key;
  role: Role | null;
}

export function signIn(token: string): Promise<Result<Validation>> {
  return send({ method: 'POST', path, body: { token } }, ownServer);
}

/** Returns the session's key. When the session is over, returns `unauthorized`, and the server deletes the cookie. */
export function checkSession(via = ownServer): Promise<Result<OwnKey>> {
  return send({ method: 'GET', path }, via);
}

export function signOut(): Promise<Result<{ signed_out: boolean }>> {
  return send({ method: 'DELETE', path }, ownServer);
}
