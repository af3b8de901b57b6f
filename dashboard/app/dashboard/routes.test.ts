import { NextRequest } from 'next/server';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { refusal, startUpstream, type Received } from '@/testing/upstream';

/* The dashboard's own route handlers against a server that plays the API. */

const key = 'codexible_00000000000000000000000000000001';
const ownId = '11111111-1111-4111-8111-111111111111';
const otherId = '22222222-2222-4222-8222-222222222222';

let upstream: Awaited<ReturnType<typeof startUpstream>>;
let api: typeof import('./api/[...path]/route');
let session: typeof import('./session/route');
let alerts: typeof import('./alerts/save/route');

beforeAll(async () => {
  upstream = await startUpstream();
  // The settings are read once, when the handlers first need them.
  process.env.API_INTERNAL_URL = upstream.url;
  [api, session, alerts] = await Promise.all([import('./api/[...path]/route'), import('./session/route'), import('./alerts/save/route')]);
});
afterAll(() => upstream.stop());
afterEach(() => {
  upstream.received.length = 0;
});

function request(method: 'DELETE' | 'GET' | 'PATCH' | 'POST', path: string, options: { body?: string; headers?: Record<string, string>; signedIn?: boolean } = {}) {
  const headers: Record<string, string> = {
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
    'x-forwarded-for': '203.0.113.9',
    ...(options.signedIn === false ? {} : { cookie: `codexible_key=${key}` }),
    ...options.headers,
  };
  return new NextRequest(`http://dash.example${path}`, { method, headers, ...(options.body === undefined ? {} : { body: options.body }) });
}

/** Plays the API: answers the overview, and everything else as configured. */
function answer(reply: (request: Received) => { status?: number; headers?: Record<string, string>; body: unknown }) {
  upstream.reply = (received) => (received.path === '/api/dashboard/overview' ? { body: { key: { id: ownId } } } : reply(received));
}

describe('calls to the API', () => {
  test('carry the key, the viewer’s address and nothing else of the browser’s', async () => {
    answer(() => ({ body: [] }));
    await api.GET(request('GET', '/dashboard/api/usage/history?days=7', { headers: { authorization: 'Bearer planted', 'x-request-id': 'planted' } }));
    const [received] = upstream.received;
    expect(received).toMatchObject({ method: 'GET', path: '/api/usage/history?days=7' });
    expect(received?.headers).toMatchObject({ authorization: `Bearer ${key}`, 'x-forwarded-for': '203.0.113.9' });
    expect(received?.headers).not.toHaveProperty('cookie');
    expect(JSON.stringify(received?.headers)).not.toContain('planted');
  });

  test('hand on status, body and what a client waits by, and are never cached', async () => {
    answer(() => ({ status: 429, headers: { 'Retry-After': '9', 'X-Request-Id': 'r-1', 'Set-Cookie': 'a=b', 'X-RateLimit-Limit': '100' }, body: refusal(429, 'rate_limited') }));
    const response = await api.POST(request('POST', '/dashboard/api/keys', { body: '{"label":"CI"}' }));
    expect(response.status).toBe(429);
    expect(await response.json()).toEqual(refusal(429, 'rate_limited'));
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'retry-after': '9', 'x-request-id': 'r-1', 'x-ratelimit-limit': '100', 'cache-control': 'no-store' });
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(upstream.received[0]).toMatchObject({ body: '{"label":"CI"}', headers: { 'content-type': 'application/json' } });
  });

  test('reach the models that are offered', async () => {
    answer(() => ({ body: [] }));
    const response = await api.GET(request('GET', '/dashboard/api/models'));
    expect([response.status, upstream.received[0]?.path]).toEqual([200, '/api/models']);
  });

  test.each([
    ['GET', '/api/usage/credits'],
    ['GET', '/api/usage/refusals?limit=20'],
    ['GET', '/api/usage/speed?days=30'],
    ['GET', `/api/usage/charges/${otherId}`],
    ['GET', '/api/alerts'],
    ['PATCH', '/api/alerts'],
  ] as const)('reach %s %s', async (method, path) => {
    answer(() => ({ body: {} }));
    const response = await api[method](request(method, `/dashboard${path}`, method === 'PATCH' ? { body: '{"used_up":false}' } : {}));
    expect([response.status, upstream.received[0]?.method, upstream.received[0]?.path]).toEqual([200, method, path]);
  });

  test.each([
    ['GET', '/dashboard/api/usage/charges/'],
    ['GET', '/dashboard/api/usage/charges/a/b'],
    ['POST', '/dashboard/api/alerts'],
    ['GET', '/dashboard/api/admin/users'],
    ['POST', '/dashboard/api/models'],
    ['POST', '/dashboard/api/usage'],
    ['GET', '/dashboard/api/models/coder'],
    ['POST', '/dashboard/api/keys/verify'],
    ['DELETE', '/dashboard/api/usage/today'],
    ['GET', '/dashboard/api/keys/..%2fadmin%2fusers'],
    ['GET', '/dashboard/api/usage/today/more'],
  ] as const)('%s %s is not let through', async (method, path) => {
    const response = await api[method](request(method, path));
    expect([response.status, upstream.received.length]).toEqual([404, 0]);
  });

  test.each([
    ['another site', { headers: { 'sec-fetch-site': 'cross-site' } }, 403, 'foreign_origin'],
    ['a signed-out visitor', { signedIn: false }, 401, 'unauthorized'],
  ])('from %s do not reach it', async (_, options, status, code) => {
    const response = await api.DELETE(request('DELETE', `/dashboard/api/keys/${otherId}`, options));
    expect([response.status, upstream.received.length]).toEqual([status, 0]);
    expect(await response.json()).toMatchObject({ error: { code, status } });
  });

  test('too large do not reach it', async () => {
    const response = await api.POST(request('POST', '/dashboard/api/keys', { body: 'x'.repeat(70_000) }));
    expect([response.status, upstream.received.length]).toEqual([413, 0]);
  });
});

describe('a change to the key that one is signed in with', () => {
  const minted = { id: ownId, key: 'codexible_00000000000000000000000000000002', prefix: 'codexible_00000000', label: 'Default' };

  test('by rotation keeps the session, with the other secret', async () => {
    answer(() => ({ body: minted }));
    const response = await api.POST(request('POST', `/dashboard/api/keys/${ownId}/rotate`, { body: '{"grace_seconds":0}' }));
    expect(await response.json()).toEqual(minted);
    expect(response.headers.get('set-cookie')).toMatch(new RegExp(`^codexible_key=${minted.key}; Path=/; .*HttpOnly`));
  });

  test('by revoking ends the session', async () => {
    answer(() => ({ body: { deleted: true } }));
    const response = await api.DELETE(request('DELETE', `/dashboard/api/keys/${ownId}`));
    expect(response.headers.get('set-cookie')).toMatch(/^codexible_key=; .*Max-Age=0/);
  });

  test('leaves the session alone when it is refused', async () => {
    answer(() => ({ status: 409, body: refusal(409, 'conflict') }));
    const response = await api.POST(request('POST', `/dashboard/api/keys/${ownId}/rotate`));
    expect([response.status, response.headers.get('set-cookie')]).toEqual([409, null]);
  });

  describe('with a key that may manage keys and not read usage', () => {
    const own = { id: ownId, prefix: key.slice(0, 18) };
    const others = Array.from({ length: 200 }, (_, i) => ({ id: `k${i}`, prefix: 'codexible_ffffffff' }));
    const lists = (pages: Record<string, unknown>) => (received: Received) => {
      if (received.path === '/api/dashboard/overview') return { status: 403, body: refusal(403, 'insufficient_scope') };
      return received.method === 'GET' ? { body: pages[received.path] } : { body: minted };
    };

    test('finds that key by its prefix, on whatever page of the list', async () => {
      upstream.reply = lists({ '/api/keys?limit=200': others, '/api/keys?limit=200&after=k199': [own] });
      const response = await api.POST(request('POST', `/dashboard/api/keys/${ownId}/rotate`, { body: '{"grace_seconds":0}' }));
      expect(response.headers.get('set-cookie')).toMatch(new RegExp(`^codexible_key=${minted.key};`));
      const answer = await session.GET(request('GET', '/dashboard/session'));
      expect([answer.status, await answer.json()]).toEqual([200, { key: own, role: null }]);
    });

    test('is refused where that key is not found', async () => {
      upstream.reply = lists({ '/api/keys?limit=200': others.slice(0, 3) });
      const response = await api.DELETE(request('DELETE', `/dashboard/api/keys/${ownId}`));
      expect([response.status, response.headers.get('set-cookie')]).toEqual([403, null]);
      expect(upstream.received.map(({ method }) => method)).toEqual(['GET', 'GET']);
    });
  });

  test('is not tried before it is known whose key it is', async () => {
    upstream.reply = () => ({ status: 503, body: refusal(503, 'service_unavailable') });
    const response = await api.POST(request('POST', `/dashboard/api/keys/${ownId}/rotate`));
    expect(response.status).toBe(503);
    expect(upstream.received.map(({ path }) => path)).toEqual(['/api/dashboard/overview']);
  });

  test('does not touch the session when it is another key', async () => {
    answer(() => ({ body: { ...minted, id: otherId } }));
    const response = await api.POST(request('POST', `/dashboard/api/keys/${otherId}/rotate`));
    expect([response.status, response.headers.get('set-cookie')]).toEqual([200, null]);
  });
});

describe('signing in', () => {
  const accepted = { valid: true, user: { email: 'a@b.c', name: null, plan: 'Pro', status: 'active' }, role: 'user', session_source: 'local', degraded: false, message: null };
  const refused = { ...accepted, valid: false, user: null, role: null, message: 'This key is not known.' };

  test('keeps a good key where scripts cannot read it, and sends it cleaned', async () => {
    answer(() => ({ body: accepted }));
    const response = await session.POST(request('POST', '/dashboard/session', { signedIn: false, body: JSON.stringify({ token: ` "${key}" ` }) }));
    expect(JSON.parse(upstream.received[0]?.body ?? '')).toEqual({ token: key });
    expect(upstream.received[0]?.headers['x-forwarded-for']).toBe('203.0.113.9');
    expect(response.headers.get('set-cookie')).toMatch(new RegExp(`^codexible_key=${key}; Path=/; .*Max-Age=604800; HttpOnly; SameSite=lax$`));
    expect(await response.text()).not.toContain(key);
  });

  test('over https binds the cookie to the host and to https', async () => {
    answer(() => ({ body: accepted }));
    const response = await session.POST(request('POST', '/dashboard/session', { signedIn: false, body: JSON.stringify({ token: key }), headers: { 'x-forwarded-proto': 'https' } }));
    expect(response.headers.get('set-cookie')).toMatch(/^__Host-codexible_key=.*; Path=\/;.*; Secure; HttpOnly/);
  });

  test.each([
    ['a bad key', { body: refused }, 200],
    ['a rate limit', { status: 429, headers: { 'Retry-After': '3' }, body: refusal(429, 'rate_limited') }, 429],
    ['a fault', { status: 503, body: refusal(503, 'service_unavailable') }, 503],
  ])('keeps nothing after %s', async (_, reply, status) => {
    answer(() => reply);
    const response = await session.POST(request('POST', '/dashboard/session', { signedIn: false, body: JSON.stringify({ token: key }) }));
    expect([response.status, response.headers.get('set-cookie')]).toEqual([status, null]);
  });

  test.each([
    ['accepted', accepted, '/dashboard', true],
    ['refused', refused, '/dashboard/login?reason=refused', false],
  ])('by a form without script leads on when %s', async (_, body, location, kept) => {
    answer(() => ({ body }));
    const form = { signedIn: false, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ token: key }).toString() };
    const response = await session.POST(request('POST', '/dashboard/session', form));
    expect([response.status, response.headers.get('location')]).toEqual([303, location]);
    expect(response.headers.get('set-cookie') !== null).toBe(kept);
  });

  test.each(['', '[]', '{"token":7}', 'null'])('takes no body like %j', async (body) => {
    const response = await session.POST(request('POST', '/dashboard/session', { signedIn: false, body }));
    expect([response.status, upstream.received.length]).toEqual([422, 0]);
  });

  test('from another site is refused: it could sign a visitor in to another account', async () => {
    const response = await session.POST(request('POST', '/dashboard/session', { headers: { 'sec-fetch-site': 'cross-site' }, body: JSON.stringify({ token: key }) }));
    expect([response.status, upstream.received.length]).toEqual([403, 0]);
  });
});

describe('a session', () => {
  test.each([
    ['continues while the key is accepted', 200, { key: { id: ownId } }, false],
    ['is deleted when the key is not', 401, refusal(401, 'unauthorized'), true],
    ['continues while the service is unavailable', 503, refusal(503, 'service_unavailable'), false],
    ['continues while the account is suspended', 403, refusal(403, 'forbidden'), false],
    ['continues if the key may read neither usage nor keys', 403, refusal(403, 'insufficient_scope'), false],
    ['continues at an address that the key does not allow', 403, refusal(403, 'ip_not_allowed'), false],
  ])('%s', async (_, status, body, deleted) => {
    upstream.reply = () => ({ status, body });
    const response = await session.GET(request('GET', '/dashboard/session'));
    expect(response.status).toBe(status);
    expect(response.headers.get('set-cookie') !== null).toBe(deleted);
  });

  test('ends by signing out, without a word to the API', async () => {
    const response = await session.DELETE(request('DELETE', '/dashboard/session'));
    expect(response.headers.get('set-cookie')).toMatch(/^codexible_key=; .*Max-Age=0/);
    expect(upstream.received).toEqual([]);
  });
});

test('an API without response is reported as unreachable, and the log does not contain the key', async () => {
  const written = [vi.spyOn(console, 'error'), vi.spyOn(console, 'log'), vi.spyOn(console, 'warn')];
  upstream.reply = () => ({ status: 302, headers: { Location: 'http://127.0.0.1:1/' }, body: {} });
  const response = await api.GET(request('GET', '/dashboard/api/keys'));
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ error: { code: 'api_unreachable', status: 502 } });
  expect(JSON.stringify(written.map((spy) => spy.mock.calls))).not.toContain(key);
});

describe('alerts by a form without script', () => {
  const form = (body: string, options: { headers?: Record<string, string>; signedIn?: boolean } = {}) =>
    alerts.POST(request('POST', '/dashboard/alerts/save', { body, ...options, headers: { 'content-type': 'application/x-www-form-urlencoded', ...options.headers } }));
  const ended = (response: Response) => [response.status, response.headers.get('location')];

  test('are saved with the key of the session, and lead back', async () => {
    answer(() => ({ body: {} }));
    expect(ended(await form('usage_from_percent=none&used_up=yes'))).toEqual([303, '/dashboard/alerts?outcome=saved']);
    expect(upstream.received[0]).toMatchObject({ method: 'PATCH', path: '/api/alerts', headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': '203.0.113.9' } });
    expect(JSON.parse(upstream.received[0]?.body ?? '')).toEqual({ usage_from_percent: null, used_up: true, key_expiring: false });
  });

  test('say so when the service refuses them', async () => {
    answer(() => ({ status: 403, body: refusal(403, 'insufficient_scope') }));
    expect(ended(await form('used_up=yes'))).toEqual([303, '/dashboard/alerts?outcome=failed']);
  });

  test.each([
    ['of nonsense', 'usage_from_percent=all', {}, [303, '/dashboard/alerts?outcome=failed']],
    ['too large', 'used_up=yes&'.repeat(1000), {}, [303, '/dashboard/alerts?outcome=failed']],
    ['of a signed-out visitor', 'used_up=yes', { signedIn: false }, [303, '/dashboard/login']],
    ['of another site', 'used_up=yes', { headers: { 'sec-fetch-site': 'cross-site' } }, [403, null]],
  ])('%s do not reach the service', async (_, body, options, outcome) => {
    expect(ended(await form(body, options))).toEqual(outcome);
    expect(upstream.received).toEqual([]);
  });
});
