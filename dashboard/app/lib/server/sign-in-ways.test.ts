import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startUpstream } from '@/testing/upstream';

let upstream: Awaited<ReturnType<typeof startUpstream>>;
let signInWays: (typeof import('./sign-in-ways'))['signInWays'];
/** Each test asks long after the one before. */
let now = Date.now();

beforeAll(async () => {
  upstream = await startUpstream();
  process.env.API_INTERNAL_URL = upstream.url;
  ({ signInWays } = await import('./sign-in-ways'));
});
afterAll(() => upstream.stop());
beforeEach(() => {
  now += 60_000;
  upstream.received.length = 0;
});

const keyOnly = { mail: false, openid: false, registration: false };

test.each([
  ['offers all', 200, { mail: true, openid: true, registration: true }, { mail: true, openid: true, registration: true }],
  ['offers mail', 200, { mail: true, openid: false, registration: false }, { ...keyOnly, mail: true }],
  ['offers something else', 200, { mail: 'yes', openid: 1, telephone: true }, keyOnly],
  ['answers with null', 200, null, keyOnly],
  ['knows no sessions', 404, { error: {} }, keyOnly],
])('of a service that %s is asked once in half a minute', async (_, status, body, ways) => {
  upstream.reply = () => ({ status, body });
  expect(await signInWays(now)).toEqual(ways);
  expect(await signInWays(now + 29_000)).toEqual(ways);
  expect(upstream.received.map(({ path }) => path)).toEqual(['/api/session/options']);
  await signInWays(now + 31_000);
  expect(upstream.received.length).toBe(2);
  now += 31_000;
});

test.each([
  ['fails', 503, {}],
  ['answers with no JSON', 200, 'mail'],
])('of a service that %s the key is left, and the next visitor asks again', async (_, status, body) => {
  upstream.reply = () => ({ status, body });
  expect(await signInWays(now)).toEqual(keyOnly);
  upstream.reply = () => ({ body: { mail: true } });
  expect(await signInWays(now + 1)).toEqual({ ...keyOnly, mail: true });
});
