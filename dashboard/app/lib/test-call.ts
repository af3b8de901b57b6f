import { ownServer, send, type Charge, type Result } from './api';
import type { Wire } from './tools';

/*
 * A test of a key: one real call of a model. The dashboard's server makes it,
 * because a page may call nothing but that server.
 */

export interface TestCall {
  wire: Wire;
  model: string;
  /** The key to test; without it, the one that the viewer is signed in with. */
  key?: string;
}

/** How the call went. A refusal by the service is an outcome: it is what the viewer's tool would get. */
export type TestOutcome =
  | { outcome: 'answered'; text: string; request_id: string | null; charge: Charge | null }
  | { outcome: 'refused'; status: number; message: string; request_id: string | null };

export function testKey(call: TestCall): Promise<Result<TestOutcome>> {
  return send({ method: 'POST', path: '/api/test-call', body: call }, ownServer);
}
