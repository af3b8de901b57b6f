import { beforeEach, expect, test, vi } from 'vitest';

const hash = 'ab'.repeat(32);
const answer = {
  name: 'Acme AI',
  accent: '#0f766e',
  logo: `/api/appearance/logo?v=${hash}`,
  support_email: 'help@example.com',
  support_url: 'https://example.com/help',
  links: [{ label: 'Terms', url: 'https://example.com/terms' }],
};
const shown = { name: 'Acme AI', accent: '#0f766e', logo: hash, supportEmail: 'help@example.com', supportUrl: 'https://example.com/help', links: answer.links };
const plain = { name: 'Codexible', accent: null, logo: null, supportEmail: null, supportUrl: null, links: [] };

/** A fresh start of the module, which keeps the look. */
async function started() {
  vi.resetModules();
  return import('./appearance');
}

beforeEach(() => {
  vi.stubEnv('NEXT_PUBLIC_API_URL', 'http://service.example');
});

test('the look is asked for at most every half minute, once at a time', async () => {
  const calls = vi.fn(() => Promise.resolve(Response.json(answer)));
  vi.stubGlobal('fetch', calls);
  const { appearance } = await started();
  expect(await Promise.all([appearance(0), appearance(1000)])).toEqual([shown, shown]);
  await appearance(29_999);
  expect(calls.mock.calls.map((call: unknown[]) => call[0])).toEqual(['http://service.example/api/appearance']);
  await appearance(30_000);
  expect(calls).toHaveBeenCalledTimes(2);
});

test('while the service is away the last look stays, and it is asked again after five seconds', async () => {
  const calls = vi.fn<() => Promise<Response>>().mockRejectedValueOnce(new Error('refused'));
  vi.stubGlobal('fetch', calls);
  const { appearance } = await started();
  expect(await appearance(0)).toEqual(plain);
  expect(await appearance(4999)).toEqual(plain);
  expect(calls).toHaveBeenCalledTimes(1);
  calls.mockResolvedValueOnce(Response.json(answer));
  expect(await appearance(5000)).toEqual(shown);
  calls.mockResolvedValueOnce(new Response('', { status: 503 }));
  expect(await appearance(60_000)).toEqual(shown);
  calls.mockResolvedValueOnce(new Response('<html>'));
  expect(await appearance(70_000)).toEqual(shown);
});

test('what no page can show is as if it were not set', async () => {
  const { readAppearance } = await started();
  for (const odd of [null, 'text', 5, [], {}, { name: 5, accent: 'red', logo: 'https://evil.example/x.png', support_email: 'x', support_url: 'javascript:alert(1)', links: [{ label: 'x', url: 'data:text/html,x' }, 5, null] }]) {
    expect(readAppearance(odd)).toEqual(plain);
  }
  expect(readAppearance({ ...answer, logo: `/api/appearance/logo?v=${hash}&x=` }).logo).toBeNull();
});
