import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { refusal, startUpstream } from '@/testing/upstream';
import {
  createKey,
  errorOf,
  getUsageDetailed,
  getUsageHistory,
  getUsageHourly,
  listFirstKeys,
  listKeys,
  listModels,
  nextMidnightUtc,
  retryAfterSeconds,
  revokeKey,
  rotateKey,
  unreachableCode,
  updateKey,
  validateToken,
  type ApiError,
  type Connection,
} from './api';

const now = new Date('2026-11-24T20:48:00Z');

describe('every refusal becomes what a page can act on', () => {
  const cases: { name: string; status: number; headers?: Record<string, string>; body: unknown; error: ApiError }[] = [
    { name: 'a key that is not valid', status: 401, body: refusal(401, 'unauthorized'), error: { kind: 'unauthorized' } },
    { name: 'a suspended account', status: 403, body: refusal(403, 'forbidden'), error: { kind: 'suspended' } },
    { name: 'a key that may not do this', status: 403, body: refusal(403, 'insufficient_scope'), error: { kind: 'insufficient_scope', message: 'because of insufficient_scope' } },
    { name: 'a key from an address that it does not allow', status: 403, body: refusal(403, 'ip_not_allowed'), error: { kind: 'ip_not_allowed' } },
    { name: 'a thing that is not there', status: 404, body: refusal(404, 'not_found'), error: { kind: 'not_found' } },
    { name: 'a lost race', status: 409, body: refusal(409, 'conflict'), error: { kind: 'conflict', message: 'because of conflict' } },
    {
      name: 'a value out of range',
      status: 422,
      body: refusal(422, 'validation_failed', { fields: { label: 'is too long', odd: 3 } }),
      error: { kind: 'invalid', message: 'because of validation_failed', fields: { label: 'is too long' } },
    },
    { name: 'a broken body', status: 400, body: refusal(400, 'bad_request'), error: { kind: 'invalid', message: 'because of bad_request', fields: {} } },
    {
      name: 'too many requests',
      status: 429,
      headers: { 'Retry-After': '17' },
      body: refusal(429, 'rate_limited'),
      error: { kind: 'rate_limited', retryAfterSeconds: 17 },
    },
    { name: 'too many requests by a proxy that says no more', status: 429, body: 'slow down', error: { kind: 'rate_limited', retryAfterSeconds: 60 } },
    {
      name: 'a quota used up',
      status: 429,
      headers: { 'Retry-After': '11520' },
      body: refusal(429, 'quota_exceeded'),
      error: { kind: 'quota_exceeded', resetsAt: '2026-11-25T00:00:00.000Z', message: 'because of quota_exceeded' },
    },
    { name: 'a fault of the service', status: 500, body: refusal(500, 'internal_error'), error: { kind: 'server', status: 500, requestId: 'req-1' } },
    { name: 'a service that is unavailable', status: 503, body: refusal(503, 'service_unavailable'), error: { kind: 'server', status: 503, requestId: 'req-1' } },
    { name: 'a proxy’s own page', status: 502, headers: { 'X-Request-Id': 'edge-9' }, body: undefined, error: { kind: 'server', status: 502, requestId: 'edge-9' } },
    { name: 'an API that the dashboard’s server cannot reach', status: 502, body: refusal(502, unreachableCode), error: { kind: 'network' } },
  ];
  test.each(cases)('$name', ({ status, headers, body, error }) => {
    expect(errorOf(status, new Headers(headers), body, now)).toEqual(error);
  });
});

test('Retry-After is whole seconds, at least one, also when it is a date', () => {
  const read = (value: string) => retryAfterSeconds(new Headers({ 'Retry-After': value }), now);
  expect([read('30'), read('0'), read('Tue, 24 Nov 2026 20:48:09 GMT'), read('Tue, 24 Nov 2026 20:00:00 GMT'), read('soon')]).toEqual([30, 1, 9, 1, null]);
});

test('quotas reset at the next midnight in UTC, not at the viewer’s', () => {
  expect(nextMidnightUtc(new Date('2026-12-31T23:59:59.999Z')).toISOString()).toBe('2027-01-01T00:00:00.000Z');
  expect(nextMidnightUtc(new Date('2026-11-24T00:00:00Z')).toISOString()).toBe('2026-11-25T00:00:00.000Z');
});

describe('against a server', () => {
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let via: Connection;
  beforeAll(async () => {
    upstream = await startUpstream();
    via = { baseUrl: upstream.url, headers: { Authorization: 'Bearer codexible_x' } };
  });
  afterAll(() => upstream.stop());
  afterEach(() => {
    upstream.received.length = 0;
    upstream.reply = () => ({ body: {} });
  });

  test('every call goes where the contract says, with the connection’s headers', async () => {
    await validateToken('codexible_x', via);
    await listKeys({}, via);
    await listKeys({ limit: 101, after: 'id-9' }, via);
    await createKey({ label: 'CI' }, via);
    await updateKey('a/b', { expires_at: null }, via);
    await revokeKey('id-1', false, via);
    await revokeKey('id-1', true, via);
    await rotateKey('id-1', 3600, via);
    await listModels(via);
    await getUsageHistory(7, via);
    await getUsageDetailed({ limit: 21, offset: 20 }, via);
    await getUsageHourly(undefined, via);
    await getUsageHourly('2026-11-24', via);
    expect(upstream.received.map(({ method, path, body }) => `${method} ${path} ${body}`.trim())).toEqual([
      'POST /api/auth/validate {"token":"codexible_x"}',
      'GET /api/keys',
      'GET /api/keys?limit=101&after=id-9',
      'POST /api/keys {"label":"CI"}',
      'PATCH /api/keys/a%2Fb {"expires_at":null}',
      'DELETE /api/keys/id-1',
      'DELETE /api/keys/id-1?with_created=true',
      'POST /api/keys/id-1/rotate {"grace_seconds":3600}',
      'GET /api/models',
      'GET /api/usage/history?days=7',
      'GET /api/usage/detailed?limit=21&offset=20',
      'GET /api/usage/hourly',
      'GET /api/usage/hourly?date=2026-11-24',
    ]);
    expect(upstream.received.every(({ headers }) => headers.authorization === 'Bearer codexible_x')).toBe(true);
  });

  test('more keys than a page holds are read page after page, and no further than asked or than there are', async () => {
    const all = Array.from({ length: 450 }, (_, i) => ({ id: `k${i}` }));
    upstream.reply = ({ path }) => {
      const query = new URL(path, upstream.url).searchParams;
      const from = all.findIndex(({ id }) => id === query.get('after')) + 1;
      return { body: all.slice(from, from + Number(query.get('limit'))) };
    };
    expect(await listFirstKeys(301, via)).toEqual({ ok: true, value: all.slice(0, 301) });
    expect(upstream.received.map(({ path }) => path)).toEqual(['/api/keys?limit=200', '/api/keys?limit=101&after=k199']);
    upstream.received.length = 0;
    expect(await listFirstKeys(900, via)).toEqual({ ok: true, value: all });
    expect(upstream.received).toHaveLength(3);
  });

  test('a page that fails is the answer of all', async () => {
    upstream.reply = ({ path }) => (path.includes('after') ? { status: 503, body: refusal(503, 'service_unavailable') } : { body: Array.from({ length: 200 }, (_, i) => ({ id: `k${i}` })) });
    expect(await listFirstKeys(201, via)).toEqual({ ok: false, error: { kind: 'server', status: 503, requestId: 'req-1' } });
  });

  test('a success is its JSON', async () => {
    upstream.reply = () => ({ body: [{ id: 'k' }] });
    expect(await listKeys({}, via)).toEqual({ ok: true, value: [{ id: 'k' }] });
  });

  test('a success that is not JSON is the server’s fault', async () => {
    upstream.reply = () => ({ body: '<html>' });
    expect(await listKeys({}, via)).toEqual({ ok: false, error: { kind: 'server', status: 200, requestId: null } });
  });

  test('no response is a value, too', async () => {
    const gone = await startUpstream();
    await gone.stop();
    expect(await listKeys({}, { baseUrl: gone.url })).toEqual({ ok: false, error: { kind: 'network' } });
  });
});

describe('in a browser', () => {
  function browserThatFails(reported: { effectiveDirective: string; blockedURI: string } | null) {
    const page = new EventTarget();
    vi.stubGlobal('document', Object.assign(page, { baseURI: 'https://dash.example/docs' }));
    vi.stubGlobal('fetch', () => {
      // The event comes after the rejection, as in browsers.
      if (reported) setTimeout(() => page.dispatchEvent(Object.assign(new Event('securitypolicyviolation'), reported)), 0);
      return Promise.reject(new TypeError('Failed to fetch'));
    });
  }

  test.each([
    ['its own policy blocked the call', { effectiveDirective: 'connect-src', blockedURI: 'https://dash.example/dashboard/api/keys' }, 'csp'],
    ['its own policy blocked the call and names the origin alone', { effectiveDirective: 'connect-src', blockedURI: 'https://dash.example' }, 'csp'],
    ['the policy blocked something else', { effectiveDirective: 'img-src', blockedURI: 'https://dash.example/dashboard/api/keys' }, 'network'],
    ['another call was blocked', { effectiveDirective: 'connect-src', blockedURI: 'https://elsewhere.example/' }, 'network'],
    ['the network failed', null, 'network'],
  ] as const)('%s', async (_, reported, kind) => {
    browserThatFails(reported);
    expect(await listKeys()).toEqual({ ok: false, error: { kind } });
  });
});
