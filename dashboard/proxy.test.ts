import { NextRequest } from 'next/server';
import { expect, test } from 'vitest';
import { contentSecurityPolicy, proxy } from './proxy';

function visit(path: string, headers: Record<string, string> = {}) {
  return proxy(new NextRequest(`http://dash.example${path}`, { headers }));
}

test('no inline script and no foreign address in the production policy', () => {
  const policy = contentSecurityPolicy('n0nce', false);
  expect(policy).toContain("script-src 'self' 'nonce-n0nce' 'strict-dynamic'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
});

test('every page has a policy with a nonce of its own', () => {
  const nonces = ['/docs', '/dashboard/login', '/docs'].map((path) => /'nonce-([^']{22,})'/.exec(visit(path).headers.get('Content-Security-Policy') ?? '')?.[1]);
  expect(nonces).not.toContain(undefined);
  expect(new Set(nonces).size).toBe(3);
});

test.each(['/dashboard', '/dashboard/keys'])('%s leads the signed-out to the sign-in', (path) => {
  const answer = visit(path);
  expect([answer.status, answer.headers.get('Location')]).toEqual([307, 'http://dash.example/dashboard/login']);
  expect(visit(path, { cookie: 'codexible_key=codexible_x' }).status).toBe(200);
});

test('what was encrypted stays encrypted', () => {
  expect(visit('/docs').headers.get('Strict-Transport-Security')).toBeNull();
  expect(visit('/docs', { 'x-forwarded-proto': 'https' }).headers.get('Strict-Transport-Security')).toMatch(/^max-age=\d+/);
});
