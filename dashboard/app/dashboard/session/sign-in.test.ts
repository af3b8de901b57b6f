import { NextRequest } from 'next/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { refusal, startUpstream, type Received, type Reply } from '@/testing/upstream';

/* Signing in without a key: the dashboard's route handlers against a server that plays the service. */

const token = 'codexible_session_0000000000000000000000000000000000000001';
const browser = 'b'.repeat(43);
const secondsAhead = 3600;

let upstream: Awaited<ReturnType<typeof startUpstream>>;
let session: typeof import('./route');
let mail: typeof import('./mail/route');
let link: typeof import('./link/route');
let openid: typeof import('../login/openid/route');
let api: typeof import('../api/[...path]/route');
let testCall: typeof import('../api/test-call/route');

beforeAll(async () => {
  upstream = await startUpstream();
  // The settings are read once, when the handlers first need them.
  process.env.API_INTERNAL_URL = upstream.url;
  [session, mail, link, openid, api, testCall] = await Promise.all([
    import('./route'),
    import('./mail/route'),
    import('./link/route'),
    import('../login/openid/route'),
    import('../api/[...path]/route'),
    import('../api/test-call/route'),
  ]);
});
afterAll(() => upstream.stop());
beforeEach(() => {
  upstream.reply = service({});
});
afterEach(() => {
  upstream.received.length = 0;
});

const signedIn = () => ({
  session: token,
  expires_at: new Date(Date.now() + secondsAhead * 1000).toISOString(),
  user: { email: 'ann@example.com', name: null, plan: 'Starter', status: 'active' },
  created: false,
});

/** Plays the service: a path's answer, and for the rest what a user with one key gets. */
function service(replies: Record<string, Reply>) {
  return ({ method, path }: Received): Reply => {
    const usual: Record<string, Reply> = {
      'POST /api/session/link': { body: { sent: true } },
      'POST /api/session': { body: signedIn() },
      'POST /api/session/openid': { body: { url: 'https://login.example.com/authorize?client_id=a&state=s' } },
      'POST /api/session/openid/finish': { body: signedIn() },
      'DELETE /api/session': { body: { signed_out: true } },
      'DELETE /api/session?everywhere=true': { body: { signed_out: true } },
      'GET /api/keys?limit=1': { body: [{ id: 'k1' }] },
    };
    return replies[`${method} ${path}`] ?? usual[`${method} ${path}`] ?? { status: 404, body: refusal(404, 'not_found') };
  };
}

interface Options {
  /** Fields of a form, or a JSON object's. */
  form?: Record<string, string>;
  json?: unknown;
  cookies?: Record<string, string>;
  headers?: Record<string, string>;
}

function request(method: string, path: string, { form, json, cookies = {}, headers }: Options = {}) {
  const body = form ? new URLSearchParams(form).toString() : json === undefined ? undefined : JSON.stringify(json);
  return new NextRequest(`http://dash.example${path}`, {
    method,
    headers: {
      'sec-fetch-site': 'same-origin',
      'x-forwarded-for': '203.0.113.9',
      'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
      cookie: Object.entries(cookies)
        .map(([name, value]) => `${name}=${value}`)
        .join('; '),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
}

const cookiesOf = (response: Response): Record<string, string> =>
  Object.fromEntries(response.headers.getSetCookie().map((cookie): [string, string] => [cookie.split('=')[0] ?? '', cookie]));
const locationOf = (response: Response) => [response.status, response.headers.get('location')];
const bodies = () => upstream.received.map(({ body }) => (body ? (JSON.parse(body) as unknown) : null));

describe('asking for a link', () => {
  test('sends the address, the language and a secret that this browser alone keeps', async () => {
    const response = await mail.POST(request('POST', '/dashboard/session/mail', { form: { email: ' ann@example.com ' }, cookies: { codexible_language: 'vi' } }));
    expect(locationOf(response)).toEqual([303, '/dashboard/login/sent']);
    const cookie = cookiesOf(response).codexible_browser ?? '';
    const secret = /^codexible_browser=([\w-]{43}); Path=\/; .*Max-Age=1200; HttpOnly; SameSite=lax$/.exec(cookie)?.[1];
    expect(secret).toBeDefined();
    expect(bodies()).toEqual([{ email: 'ann@example.com', browser: secret, language: 'vi' }]);
    expect(upstream.received[0]?.headers).toMatchObject({ 'x-forwarded-for': '203.0.113.9' });
  });

  test('by script answers as the service does, and never with the secret', async () => {
    const response = await mail.POST(request('POST', '/dashboard/session/mail', { json: { email: 'ann@example.com' } }));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"sent":true}');
    expect(cookiesOf(response)).toHaveProperty('codexible_browser');
  });

  test('again keeps the secret, for the first link may be the one that arrives', async () => {
    await mail.POST(request('POST', '/dashboard/session/mail', { json: { email: 'ann@example.com' }, cookies: { codexible_browser: browser } }));
    await mail.POST(request('POST', '/dashboard/session/mail', { json: { email: 'ann@example.com' }, cookies: { codexible_browser: 'planted and odd' } }));
    const sent = bodies() as { browser: string }[];
    expect(sent[0]?.browser).toBe(browser);
    expect(sent[1]?.browser).toMatch(/^[\w-]{43}$/);
    expect(sent[1]?.browser).not.toBe(browser);
  });

  test('over https binds the secret to the host and to https', async () => {
    const response = await mail.POST(request('POST', '/dashboard/session/mail', { form: { email: 'ann@example.com' }, headers: { 'x-forwarded-proto': 'https' } }));
    expect(cookiesOf(response)['__Host-codexible_browser']).toMatch(/; Secure; HttpOnly/);
  });

  test.each(['', 'ann', 'ann@', 'ann @example.com', `${'a'.repeat(250)}@b.example`])('takes no address like %j', async (email) => {
    const byForm = await mail.POST(request('POST', '/dashboard/session/mail', { form: { email } }));
    const byScript = await mail.POST(request('POST', '/dashboard/session/mail', { json: { email } }));
    expect([...locationOf(byForm), byScript.status, upstream.received.length]).toEqual([303, '/dashboard/login?reason=address', 422, 0]);
  });

  test('takes no body that is longer than a form', async () => {
    const response = await mail.POST(request('POST', '/dashboard/session/mail', { json: { email: 'ann@example.com', more: 'x'.repeat(9000) } }));
    expect([response.status, upstream.received.length]).toEqual([422, 0]);
  });

  test.each([
    [429, 'limit'],
    [422, 'address'],
    [409, 'unavailable'],
    [503, 'unavailable'],
  ])('that the service answers with %i comes back with a sentence, and without a secret', async (status, reason) => {
    upstream.reply = service({ 'POST /api/session/link': { status, body: refusal(status, 'any') } });
    const byForm = await mail.POST(request('POST', '/dashboard/session/mail', { form: { email: 'ann@example.com' } }));
    expect(locationOf(byForm)).toEqual([303, `/dashboard/login?reason=${reason}`]);
    const byScript = await mail.POST(request('POST', '/dashboard/session/mail', { json: { email: 'ann@example.com' } }));
    expect([byScript.status, byForm.headers.get('set-cookie'), byScript.headers.get('set-cookie')]).toEqual([status, null, null]);
  });
});

describe('using a link', () => {
  const use = (options: Options = {}) => link.POST(request('POST', '/dashboard/session/link', { form: { token: 'link-token' }, cookies: { codexible_browser: browser }, ...options }));

  test('trades it and the browser’s secret for a session, kept as long as it can live where scripts cannot read it', async () => {
    const response = await use();
    expect(locationOf(response)).toEqual([303, '/dashboard']);
    expect(upstream.received.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /api/session', 'GET /api/keys?limit=1']);
    expect(bodies()[0]).toEqual({ link: 'link-token', browser });
    const cookies = cookiesOf(response);
    expect(cookies.codexible_key).toMatch(new RegExp(`^codexible_key=${token}; Path=/; .*HttpOnly; SameSite=lax$`));
    const maxAge = Number(/Max-Age=(\d+)/.exec(cookies.codexible_key ?? '')?.[1]);
    expect(maxAge).toBeGreaterThan(secondsAhead - 60);
    expect(maxAge).toBeLessThanOrEqual(secondsAhead);
    expect(cookies.codexible_user).toMatch(/^codexible_user=ann%40example\.com; .*HttpOnly/);
    expect(cookies.codexible_browser).toMatch(/Max-Age=0/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toBe('');
  });

  test('leads a customer without a key to the page that makes one', async () => {
    upstream.reply = service({ 'GET /api/keys?limit=1': { body: [] } });
    expect(locationOf(await use())).toEqual([303, '/dashboard/connect']);
  });

  test('signs in, too, where the keys cannot be listed', async () => {
    upstream.reply = service({ 'GET /api/keys?limit=1': { status: 503, body: refusal(503, 'service_unavailable') } });
    const response = await use();
    expect([...locationOf(response), 'codexible_key' in cookiesOf(response)]).toEqual([303, '/dashboard', true]);
  });

  test.each([
    [403, 'account'],
    [404, 'link'],
    [409, 'browser'],
    [422, 'link'],
    [429, 'limit'],
    [503, 'unavailable'],
  ])('that the service answers with %i signs nobody in', async (status, reason) => {
    upstream.reply = service({ 'POST /api/session': { status, body: refusal(status, 'any') } });
    const response = await use();
    expect([...locationOf(response), response.headers.get('set-cookie')]).toEqual([303, `/dashboard/login?reason=${reason}`, null]);
  });

  test('in a browser that asked for nothing is not even tried', async () => {
    const response = await use({ cookies: {} });
    expect([...locationOf(response), upstream.received.length]).toEqual([303, '/dashboard/login?reason=browser', 0]);
  });

  test('without a token is not tried either', async () => {
    const response = await use({ form: {} });
    expect([...locationOf(response), upstream.received.length]).toEqual([303, '/dashboard/login?reason=link', 0]);
  });

  test('works in an old browser, whose page without referrers has no origin', async () => {
    const old = request('POST', '/dashboard/session/link', { form: { token: 'link-token' }, cookies: { codexible_browser: browser }, headers: { origin: 'null' } });
    old.headers.delete('sec-fetch-site');
    expect(locationOf(await link.POST(old))).toEqual([303, '/dashboard']);
  });

  test('with anything but a session in the answer keeps nothing', async () => {
    upstream.reply = service({ 'POST /api/session': { body: { ...signedIn(), session: 'something else' } } });
    const response = await use();
    expect([...locationOf(response), response.headers.get('set-cookie')]).toEqual([303, '/dashboard/login?reason=unavailable', null]);
  });
});

describe('a sign-in with OpenID Connect', () => {
  test('leaves for the provider from a page of its own, which no form policy stops', async () => {
    const response = await openid.POST(request('POST', '/dashboard/login/openid', { form: {} }));
    expect(response.status).toBe(200);
    expect(response.headers.get('refresh')).toBe('0; url=https://login.example.com/authorize?client_id=a&state=s');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).toContain('href="https://login.example.com/authorize?client_id=a&amp;state=s"');
    const secret = /^codexible_browser=([\w-]{43});/.exec(cookiesOf(response).codexible_browser ?? '')?.[1];
    expect(bodies()).toEqual([{ browser: secret }]);
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', '/dashboard', ''])('does not leave for %j', async (url) => {
    upstream.reply = service({ 'POST /api/session/openid': { body: { url } } });
    const response = await openid.POST(request('POST', '/dashboard/login/openid', { form: {} }));
    expect(locationOf(response)).toEqual([303, '/dashboard/login?reason=unavailable']);
  });

  const back = (query: string, cookies: Record<string, string> = { codexible_browser: browser }) =>
    openid.GET(request('GET', `/dashboard/login/openid?${query}`, { cookies, headers: { 'sec-fetch-site': 'cross-site' } }));

  test('comes back from another site, with the secret of the browser that began', async () => {
    const response = await back('code=c&state=s&iss=https%3A%2F%2Flogin.example.com');
    expect(locationOf(response)).toEqual([303, '/dashboard']);
    expect(bodies()[0]).toEqual({ code: 'c', state: 's', browser });
    expect(cookiesOf(response).codexible_key).toContain(token);
  });

  test.each([
    ['error=access_denied&state=s', 'denied'],
    ['error=server_error&error_description=%3Cb%3E&state=s', 'provider'],
    ['code=c', 'provider'],
    ['state=s', 'provider'],
    [`code=${'c'.repeat(5000)}&state=s`, 'provider'],
  ])('with %j leads back with a sentence of the dashboard’s own', async (query, reason) => {
    expect([...locationOf(await back(query)), upstream.received.length]).toEqual([303, `/dashboard/login?reason=${reason}`, 0]);
  });

  test('in another browser is not tried', async () => {
    expect([...locationOf(await back('code=c&state=s', {})), upstream.received.length]).toEqual([303, '/dashboard/login?reason=browser', 0]);
  });

  test.each([
    [403, 'account'],
    [404, 'provider'],
    [409, 'browser'],
    [503, 'unavailable'],
  ])('that the service answers with %i signs nobody in', async (status, reason) => {
    upstream.reply = service({ 'POST /api/session/openid/finish': { status, body: refusal(status, 'any') } });
    expect(locationOf(await back('code=c&state=s'))).toEqual([303, `/dashboard/login?reason=${reason}`]);
  });
});

describe('from another site', () => {
  const foreign: Options = { form: { token: 'a', email: 'a@example.com' }, cookies: { codexible_browser: browser, codexible_key: token }, headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' } };
  test.each([
    ['asking for a link', () => mail.POST(request('POST', '/dashboard/session/mail', foreign))],
    ['using a link', () => link.POST(request('POST', '/dashboard/session/link', foreign))],
    ['beginning at the provider', () => openid.POST(request('POST', '/dashboard/login/openid', foreign))],
    ['signing out everywhere', () => session.DELETE(request('DELETE', '/dashboard/session?everywhere=true', foreign))],
  ])('%s is refused', async (_, call) => {
    const response = await call();
    expect([response.status, upstream.received.length, response.headers.get('set-cookie')]).toEqual([403, 0, null]);
  });
});

describe('signed in with a session', () => {
  const cookies = { codexible_key: token, codexible_user: 'ann%40example.com' };

  test.each([
    ['here', '/dashboard/session', 'DELETE /api/session'],
    ['everywhere', '/dashboard/session?everywhere=true', 'DELETE /api/session?everywhere=true'],
    ['with another parameter', '/dashboard/session?everywhere=1', 'DELETE /api/session'],
  ])('signing out %s ends the session at the service', async (_, path, call) => {
    const response = await session.DELETE(request('DELETE', path, { cookies }));
    expect(upstream.received.map((received) => `${received.method} ${received.path} ${received.headers.authorization}`)).toEqual([`${call} Bearer ${token}`]);
    expect(response.status).toBe(200);
    expect(Object.values(cookiesOf(response)).map((cookie) => cookie.includes('Max-Age=0'))).toEqual([true, true]);
  });

  test.each([
    [401, 200],
    [403, 200],
    [429, 429],
    [503, 503],
  ])('signing out that the service answers with %i is answered with %i, and the cookie kept while trying again can help', async (status, answered) => {
    upstream.reply = service({ 'DELETE /api/session': { status, body: refusal(status, 'any') } });
    const response = await session.DELETE(request('DELETE', '/dashboard/session', { cookies }));
    expect([response.status, response.headers.get('set-cookie') !== null]).toEqual([answered, answered === 200]);
  });

  test('the session is none of the keys', async () => {
    upstream.reply = service({ 'GET /api/dashboard/overview': { body: { key: null, role: 'user' } } });
    const response = await session.GET(request('GET', '/dashboard/session', { cookies }));
    expect(await response.json()).toEqual({ key: null, role: 'user' });
  });

  test('rotating and revoking keys leaves it as it is', async () => {
    upstream.reply = () => ({ body: { key: 'codexible_00000000000000000000000000000002' } });
    const rotated = await api.POST(request('POST', '/dashboard/api/keys/k1/rotate', { json: {}, cookies }));
    const revoked = await api.DELETE(request('DELETE', '/dashboard/api/keys/k1', { cookies }));
    expect([rotated.status, rotated.headers.get('set-cookie'), revoked.status, revoked.headers.get('set-cookie')]).toEqual([200, null, 200, null]);
    expect(upstream.received.map(({ path }) => path)).toEqual(['/api/keys/k1/rotate', '/api/keys/k1']);
  });

  test('a model is not called without a key', async () => {
    const response = await testCall.POST(request('POST', '/dashboard/api/test-call', { json: { wire: 'chat', model: 'm' }, cookies }));
    expect([response.status, upstream.received.length]).toEqual([422, 0]);
  });

  test('the token of a session is not taken for a key', async () => {
    const response = await session.POST(request('POST', '/dashboard/session', { form: { token } }));
    expect([...locationOf(response), upstream.received.length]).toEqual([303, '/dashboard/login?reason=refused', 0]);
  });
});

test('no token and no secret of these is ever logged', async () => {
  const written = [vi.spyOn(console, 'error'), vi.spyOn(console, 'log'), vi.spyOn(console, 'warn')];
  upstream.reply = () => ({ status: 302, headers: { Location: 'http://127.0.0.1:1/' }, body: {} });
  const response = await link.POST(request('POST', '/dashboard/session/link', { form: { token: 'link-token' }, cookies: { codexible_browser: browser } }));
  expect(locationOf(response)).toEqual([303, '/dashboard/login?reason=unavailable']);
  expect(JSON.stringify(written.map((spy) => spy.mock.calls))).not.toMatch(/link-token|bbbb/);
});
