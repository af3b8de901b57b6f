import type { Charge, Connection } from '../api';
import type { TestCall, TestOutcome } from '../test-call';
import { wires, type Wire } from '../tools';

const question = 'Say hello in one short sentence.';
const mostTokens = 1024;
const callTimeoutMs = 60_000;

/** The most of an answer that is shown. */
const mostText = 2000;
/** An answer of this length in bytes is none to such a question. */
const mostBytes = 1 << 20;
const mostModel = 200;
const mostKey = 200;

/** Reads the request of a page; null if it is not one. */
export function readTestCall(body: string): TestCall | null {
  let asked: unknown;
  try {
    asked = JSON.parse(body);
  } catch {
    return null;
  }
  if (!isObject(asked)) return null;
  const { wire, model, key } = asked;
  if (!wires.some((each) => each === wire) || typeof model !== 'string' || model === '' || model.length > mostModel) return null;
  if (key === undefined) return { wire: wire as Wire, model };
  // Anything else cannot be sent in a header.
  if (typeof key !== 'string' || key.length > mostKey || !/^[\x21-\x7e]+$/.test(key)) return null;
  return { wire: wire as Wire, model, key };
}

const calls: Record<Wire, { path: string; body: (model: string) => unknown; text: (answer: unknown) => string }> = {
  chat: {
    path: '/v1/chat/completions',
    body: (model) => ({ model, messages: [{ role: 'user', content: question }] }),
    text: (answer) => textOf(field(list(field(answer, 'choices'))[0], 'message'), 'content'),
  },
  messages: {
    path: '/v1/messages',
    body: (model) => ({ model, max_tokens: mostTokens, messages: [{ role: 'user', content: question }] }),
    text: (answer) => joined(list(field(answer, 'content'))),
  },
  responses: {
    path: '/v1/responses',
    body: (model) => ({ model, max_output_tokens: mostTokens, store: false, input: question }),
    text: (answer) => joined(list(field(answer, 'output')).flatMap((item) => list(field(item, 'content')))),
  },
};

/** Makes the call with the key of the connection. Throws where nobody answers. */
export async function makeTestCall({ wire, model }: TestCall, via: Connection): Promise<TestOutcome> {
  const { path, body, text } = calls[wire];
  const response = await fetch(via.baseUrl + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...via.headers },
    body: JSON.stringify(body(model)),
    signal: AbortSignal.timeout(callTimeoutMs),
    cache: 'no-store',
    redirect: 'error',
  });
  const requestId = response.headers.get('X-Request-Id');
  const answer = await readJson(response);
  if (!response.ok) return { outcome: 'refused', status: response.status, message: textOf(field(answer, 'error'), 'message').slice(0, mostText), request_id: requestId };
  return { outcome: 'answered', text: text(answer).slice(0, mostText), request_id: requestId, charge: await chargeOf(requestId, via) };
}

/** How long to wait before each look at the charges: a call is charged when its answer ends, which the client may see first. */
const looksMs = [0, 150, 500, 1500];

/** The charge of a call; null where the key may not read usage, or the charge is not there in time. */
async function chargeOf(requestId: string | null, via: Connection): Promise<Charge | null> {
  if (requestId === null) return null;
  for (const wait of looksMs) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    const charges = await recentCharges(via);
    if (charges === null) return null;
    const found = charges.find((charge) => charge.request_id === requestId);
    if (found) return found;
  }
  return null;
}

async function recentCharges(via: Connection): Promise<Charge[] | null> {
  try {
    const response = await fetch(`${via.baseUrl}/api/usage/detailed?days=2&limit=20`, {
      ...(via.headers ? { headers: via.headers } : {}),
      signal: AbortSignal.timeout(10_000),
      cache: 'no-store',
      redirect: 'error',
    });
    return response.ok ? ((await response.json()) as Charge[]) : null;
  } catch {
    return null;
  }
}

/** The body as JSON; undefined where it is none, or too long. */
async function readJson(response: Response): Promise<unknown> {
  const [reader, decoder] = [response.body?.getReader(), new TextDecoder()];
  let [text, bytes] = ['', 0];
  for (let next = await reader?.read(); next?.value; next = await reader?.read()) {
    bytes += next.value.byteLength;
    if (bytes > mostBytes) {
      await reader?.cancel();
      return undefined;
    }
    text += decoder.decode(next.value, { stream: true });
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function field(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown, name: string): string {
  const text = field(value, name);
  return typeof text === 'string' ? text : '';
}

function joined(blocks: unknown[]): string {
  return blocks.map((block) => textOf(block, 'text')).join('');
}
