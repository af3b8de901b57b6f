import { ownServer, send, type Key, type Result, type Role, type Validation } from './api';

/*
 * The browser's side of a session. A key goes to the dashboard's server once,
 * when signing in, and never comes back; the token of a session is never in a
 * page.
 */

const path = '/session';

/** What the viewer is signed in with, without its secret: a key, or none but a session. `role` is null where the key may not read it. */
export interface OwnKey {
  key: Key | null;
  role: Role | null;
}

export function signIn(token: string): Promise<Result<Validation>> {
  return send({ method: 'POST', path, body: { token } }, ownServer);
}

/** Asks for a link by mail. The answer is the same for every address. */
export function askForLink(email: string): Promise<Result<{ sent: boolean }>> {
  return send({ method: 'POST', path: `${path}/mail`, body: { email } }, ownServer);
}

/** Returns what the viewer is signed in with. When that is over, returns `unauthorized`, and the server deletes the cookie. */
export function checkSession(via = ownServer): Promise<Result<OwnKey>> {
  return send({ method: 'GET', path }, via);
}

/** Signs out here, or, of a session, in every browser. */
export function signOut(everywhere = false): Promise<Result<{ signed_out: boolean }>> {
  return send({ method: 'DELETE', path, query: { everywhere: everywhere || undefined } }, ownServer);
}
