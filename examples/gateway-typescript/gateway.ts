// A gateway of one's own: it takes chat completions of customers, holds credits before it calls a provider,
// passes the answer on as it comes, and settles by the tokens that the provider reports.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { RefusedError, codexible, withHold, type Delivered, type Held } from 'codexible';

const { CODEXIBLE_URL = '', CODEXIBLE_KEY = '', PROVIDER_URL = '', PROVIDER_KEY = '', PORT } = process.env;
const service = codexible({ url: CODEXIBLE_URL, key: CODEXIBLE_KEY });

const maxBody = 8 << 20;
const maxLine = 1 << 20;
/** Estimates tokens where nobody has counted them yet. It is low, so that a hold suffices. */
const bytesPerToken = 3;
const defaultOutput = 4096;

/** The status for a reason to refuse, such that clients do the right thing; 401 for the others. */
const statuses: Record<string, number> = {
  QUOTA_EXCEEDED: 429,
  RATE_LIMITED: 429,
  CONCURRENCY_LIMITED: 429,
  MODEL_NOT_ALLOWED: 403,
  INSUFFICIENT_SCOPE: 403,
  IP_NOT_ALLOWED: 403,
  SUSPENDED: 403,
};

function refuse(response: ServerResponse, status: number, code: string, message: string) {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: { type: code, code, message } }));
}

interface Call {
  model: string;
  stream?: boolean;
  stream_options?: object;
  max_tokens?: number;
  max_completion_tokens?: number;
}

async function read(request: IncomingMessage): Promise<Call | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    if ((size += part.length) > maxBody) return undefined;
    parts.push(part);
  }
  try {
    const call = JSON.parse(Buffer.concat(parts).toString()) as Call;
    return typeof call?.model === 'string' ? call : undefined;
  } catch {
    return undefined;
  }
}

/** Reads an answer line by line and tells the hold what has been delivered. */
class Meter {
  private rest = '';
  private written = 0;
  used: Delivered['usage'];

  constructor(
    private held: Held,
    private input: number,
  ) {}

  read(text: string) {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    if (this.rest.length > maxLine) throw new Error('a line of the answer is too long');
    lines.forEach((line) => this.line(line));
  }

  end() {
    this.line(this.rest);
  }

  private line(line: string) {
    let event;
    try {
      event = JSON.parse(line.replace(/^data: /, ''));
    } catch {
      return;
    }
    for (const choice of event.choices ?? []) this.written += choice.delta?.content?.length ?? 0;
    if (event.usage) {
      const cached = event.usage.prompt_tokens_details?.cached_tokens ?? 0;
      this.used = { input_tokens: event.usage.prompt_tokens - cached, cache_read_tokens: cached, output_tokens: event.usage.completion_tokens };
    }
    const estimated = { input_tokens: this.input, output_tokens: 1 + Math.floor(this.written / bytesPerToken) };
    if (this.used || this.written) this.held.delivered({ usage: this.used ?? estimated });
  }
}

async function chat(request: IncomingMessage, response: ServerResponse) {
  const call = await read(request);
  if (!call) return refuse(response, 400, 'invalid_request_error', 'Send a JSON object with a model.');
  if (call.stream) call.stream_options = { include_usage: true }; // without it many providers report no tokens
  const body = JSON.stringify(call);
  const input = Math.floor(body.length / bytesPerToken);
  const usage = { model: call.model, input_tokens: input, output_tokens: call.max_completion_tokens ?? call.max_tokens ?? defaultOutput };
  const left = new AbortController();
  response.on('close', () => left.abort());

  await withHold(service, { key: request.headers.authorization?.replace(/^Bearer /, '') ?? '', hold: { usage } }, async (held) => {
    const answer = await fetch(`${PROVIDER_URL}/chat/completions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${PROVIDER_KEY}`, 'Content-Type': 'application/json' },
      body,
      signal: left.signal,
    });
    if (!answer.ok || !answer.body) throw new Error(`the provider answered ${answer.status}`);
    response.writeHead(200, { 'Content-Type': answer.headers.get('content-type') ?? 'application/json' });
    const meter = new Meter(held, input);
    const text = new TextDecoder();
    for await (const part of answer.body) {
      if (!response.write(part)) await once(response, 'drain', { signal: left.signal }); // a slow customer slows the provider
      meter.read(text.decode(part, { stream: true }));
    }
    meter.end();
    if (!meter.used) throw new Error('the provider reported no tokens');
    return { value: undefined, used: { usage: meter.used, outcome: 'complete' } };
  });
  response.end();
}

createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') return refuse(response, 404, 'not_found', 'This gateway has /v1/chat/completions.');
  chat(request, response).catch((error: unknown) => {
    if (error instanceof RefusedError) return refuse(response, statuses[error.verdict.code] ?? 401, error.verdict.code.toLowerCase(), error.message);
    console.error(error instanceof Error ? error.message : error);
    refuse(response, 502, 'api_error', 'The call failed. Nothing is charged.');
  });
}).listen(Number(PORT), '127.0.0.1');
