import { NextRequest } from 'next/server';
import { beforeEach, expect, test, vi } from 'vitest';
import { GET as logo } from './logo/route';
import { GET as style } from './style/route';

const hash = 'ab'.repeat(32);
const at = (path: string) => new NextRequest(`http://dash.example/dashboard/appearance/${path}`);
const drawing = (headers: Record<string, string> = {}) => new Response('<svg/>', { headers: { 'Content-Type': 'image/svg+xml', ETag: `"${hash}"`, 'Set-Cookie': 'a=b', ...headers } });

beforeEach(() => {
  vi.stubEnv('NEXT_PUBLIC_API_URL', 'http://service.example');
});

test('the logo comes from this origin and can do nothing', async () => {
  const calls = vi.fn(() => Promise.resolve(drawing()));
  vi.stubGlobal('fetch', calls);
  const answer = await logo(at(`logo?v=${hash}`));
  expect([answer.status, await answer.text()]).toEqual([200, '<svg/>']);
  expect(Object.fromEntries(answer.headers)).toEqual({
    'content-type': 'image/svg+xml',
    'cache-control': 'public, max-age=31536000, immutable',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    'x-content-type-options': 'nosniff',
    etag: `"${hash}"`,
  });
  expect(calls).toHaveBeenCalledTimes(1);
});

test.each([
  ['another type', drawing({ 'Content-Type': 'text/html' }), 404],
  ['another logo', drawing({ ETag: '"cd"' }), 404],
  ['no logo', new Response('{}', { status: 404 }), 404],
  ['a large answer', new Response('x'.repeat(300_000), { headers: { 'Content-Type': 'image/png', ETag: `"${hash}"` } }), 404],
])('%s of the service is not passed on', async (_, of, status) => {
  vi.stubGlobal('fetch', () => Promise.resolve(of));
  expect((await logo(at(`logo?v=${hash}`))).status).toBe(status);
});

test('a service that is away, and an address that is none', async () => {
  const calls = vi.fn(() => Promise.reject(new Error('refused')));
  vi.stubGlobal('fetch', calls);
  expect((await logo(at(`logo?v=${hash}`))).status).toBe(502);
  for (const path of ['logo', 'logo?v=', 'logo?v=../../admin', `logo?v=${hash}x`]) expect((await logo(at(path))).status).toBe(404);
  expect(calls).toHaveBeenCalledTimes(1);
});

test('the style sheet is made of an accent alone', async () => {
  const answer = style(at('style?accent=0f766e'));
  expect(answer.headers.get('Content-Type')).toBe('text/css; charset=utf-8');
  expect(await answer.text()).toContain('--accent: #0f766e;');
  for (const odd of ['', 'red', '0f766e;}body{x:y', '%0a0f766e', '0F766E']) expect(style(at(`style?accent=${odd}`)).status).toBe(404);
});
