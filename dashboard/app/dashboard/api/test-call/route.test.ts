import { NextRequest } from 'next/server';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startUpstream } from '@/testing/upstream';

/* The route of the test call against a server that plays the service. */

const own = 'codexible_00000000000000000000000000000001';
const tested = 'codexible_00000000000000000000000000000002';

let upstream: Awaited<ReturnType<typeof startUpstream>>;
let POST: (typeof import('./route'))['POST'];

beforeAll(async () => {
  upstream = await startUpstream();
  process.env.API_INTERNAL_URL = upstream.url;
  ({ POST } = await import('./route'));
});
afterAll(() => upstream.stop());
afterEach(() => {
  upstream.received.length = 0;
  vi.restoreAllMocks();
});

function request(body: unknown, headers: Record<string, string> = {}) {
  return new NextRequest('http://dash.example/dashboard/api/test-call', {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9', cookie: `codexible_key=${own}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const answers = {
  chat: { choices: [{ message: { content: 'Hello.' } }] },
  messages: { content: [{ type: 'thinking', thinking: 'Hm.' }, { type: 'text', text: 'Hello.' }] },
  responses: { output: [{ type: 'reasoning', summary: [] }, { type: 'message', content: [{ type: 'output_text', text: 'Hello.' }] }] },
};
const paths = { chat: '/v1/chat/completions', messages: '/v1/messages', responses: '/v1/responses' };

/** Plays a service that answers calls of models with `reply`, and lists `charges`. */
function play(reply: { status?: number; body: unknown }, charges: { status?: number; body: unknown } = { status: 403, body: {} }) {
  upstream.reply = ({ path }) => (path.startsWith('/v1/') ? { ...reply, headers: { 'X-Request-Id': 'r-7' } } : charges);
}

describe('a test call', () => {
  test.each(['chat', 'messages', 'responses'] as const)('over %s shows the answer’s text and its charge', async (wire) => {
    const charge = { request_id: 'r-7', credits: 2 };
    play({ body: answers[wire] }, { body: [{ request_id: 'r-8', credits: 9 }, charge] });
    const response = await POST(request({ wire, model: 'coder', key: tested }));
    expect(await response.json()).toEqual({ outcome: 'answered', text: 'Hello.', request_id: 'r-7', charge });
    expect(response.headers.get('cache-control')).toBe('no-store');
    const [call, look] = upstream.received;
    expect(call).toMatchObject({ method: 'POST', path: paths[wire], headers: { authorization: `Bearer ${tested}`, 'x-forwarded-for': '203.0.113.9' } });
    expect(JSON.parse(call?.body ?? '')).toMatchObject({ model: 'coder' });
    expect(call?.headers).not.toHaveProperty('cookie');
    expect(look).toMatchObject({ path: '/api/usage/detailed?days=2&limit=20', headers: { authorization: `Bearer ${tested}` } });
  });

  test('without a key of its own is made with that of the session', async () => {
    play({ body: answers.chat }, { status: 403, body: {} });
    const response = await POST(request({ wire: 'chat', model: 'coder' }));
    expect(await response.json()).toMatchObject({ outcome: 'answered', charge: null });
    expect(upstream.received.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${own}`, `Bearer ${own}`]);
  });

  test('finds a charge that comes after the answer', async () => {
    let looks = 0;
    upstream.reply = ({ path }) => (path.startsWith('/v1/') ? { body: answers.chat, headers: { 'X-Request-Id': 'r-7' } } : { body: looks++ === 0 ? [] : [{ request_id: 'r-7', credits: 1 }] });
    expect(await (await POST(request({ wire: 'chat', model: 'coder' }))).json()).toMatchObject({ charge: { credits: 1 } });
    expect(looks).toBe(2);
  });

  test.each([
    ['of OpenAI’s', { error: { message: 'No credits.', code: 'insufficient_quota' } }],
    ['of Anthropic’s', { type: 'error', error: { type: 'rate_limit_error', message: 'No credits.' } }],
  ])('that is refused in the form %s shows what the service says', async (_, body) => {
    play({ status: 429, body });
    const response = await POST(request({ wire: 'chat', model: 'coder' }));
    expect([response.status, await response.json()]).toEqual([200, { outcome: 'refused', status: 429, message: 'No credits.', request_id: 'r-7' }]);
    expect(upstream.received).toHaveLength(1);
  });

  test('that nobody answers is unreachable, and no key is in a log', async () => {
    const written = [vi.spyOn(console, 'error'), vi.spyOn(console, 'log'), vi.spyOn(console, 'warn')];
    upstream.reply = () => ({ status: 302, headers: { Location: 'http://127.0.0.1:1/' }, body: {} });
    const response = await POST(request({ wire: 'chat', model: 'coder', key: tested }));
    const body = await response.text();
    expect([response.status, body.includes('api_unreachable')]).toEqual([502, true]);
    expect(JSON.stringify(written.map((spy) => spy.mock.calls)) + body).not.toContain(tested);
  });

  test('shows no more than the beginning of a long answer, and nothing of an endless one', async () => {
    play({ body: { choices: [{ message: { content: 'x'.repeat(9000) } }] } });
    expect(((await (await POST(request({ wire: 'chat', model: 'coder' }))).json()) as { text: string }).text).toHaveLength(2000);
    play({ body: { choices: [{ message: { content: 'x'.repeat(2 << 20) } }] } });
    expect(((await (await POST(request({ wire: 'chat', model: 'coder' }))).json()) as { text: string }).text).toBe('');
  });

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a signed-out visitor', { cookie: '' }, 401],
  ])('from %s is not made', async (_, headers, status) => {
    const response = await POST(request({ wire: 'chat', model: 'coder', key: tested }, headers));
    expect([response.status, upstream.received.length]).toEqual([status, 0]);
  });

  test.each([
    '', '[]', '{"wire":"chat"}', '{"wire":"chat","model":""}', '{"wire":"__proto__","model":"m"}', '{"wire":"chat","model":7}',
    '{"wire":"chat","model":"m","key":""}', '{"wire":"chat","model":"m","key":"a b"}', '{"wire":"chat","model":"m","key":"a\\r\\nX: y"}',
    JSON.stringify({ wire: 'chat', model: 'm'.repeat(201) }), JSON.stringify({ wire: 'chat', model: 'm', key: 'k'.repeat(201) }),
    JSON.stringify({ wire: 'chat', model: 'm', more: 'x'.repeat(5000) }),
  ])('takes no body like %.60s', async (body) => {
    const response = await POST(request(body));
    expect([response.status, upstream.received.length]).toEqual([422, 0]);
  });
});
