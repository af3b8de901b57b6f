import { ownServer, send, type Overview, type Result, type Validation } from './api';

/*
 * The browser's side of a session. The key goes to the dashboard's server once,
 * when signing in, and never comes back.
 */

const path = '/session';

export function signIn(token: string): Promise<Result<Validation>> {
  return send({ method: 'POST', path, body: { token } }, ownServer);
}

/** Says `unauthorized`, and has the server forget the key, when the session is over. */
export function checkSession(): Promise<Result<Overview>> {
  return send({ method: 'GET', path }, ownServer);
}

export function signOut(): Promise<Result<{ signed_out: boolean }>> {
  return send({ method: 'DELETE', path }, ownServer);
}
