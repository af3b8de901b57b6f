import { afterAll, beforeAll, expect, test } from 'vitest';
import { startUpstream } from '@/testing/upstream';

let upstream: Awaited<ReturnType<typeof startUpstream>>;
let isDemo: (typeof import('./demo'))['isDemo'];

beforeAll(async () => {
  upstream = await startUpstream();
  process.env.API_INTERNAL_URL = upstream.url;
  ({ isDemo } = await import('./demo'));
});
afterAll(() => upstream.stop());

test.each([
  ['says so', 200, { status: 'ok', demo: true }, true],
  ['does not say so', 200, { status: 'ok' }, false],
  ['says that it is none', 200, { status: 'ok', demo: false }, false],
  ['says something else', 200, { demo: 'true' }, false],
  ['answers with a list', 200, [true], false],
  ['answers with no JSON', 200, 'demo: true', false],
  ['fails', 503, { demo: true }, false],
])('a service that %s', async (_, status, body, demo) => {
  upstream.reply = () => ({ status, body });
  upstream.received.length = 0;
  const later = Date.now() + 60_000 * (1 + upstreamCalls++);
  expect(await isDemo(later)).toBe(demo);
  expect(await isDemo(later + 1000)).toBe(demo);
  expect(upstream.received.map(({ path, headers }) => [path, headers.authorization])).toEqual([['/health', undefined]]);
});

let upstreamCalls = 0;
