import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessibilityFaults, open, signIn, visit } from './dashboard';
import { demo } from './service';
import { startStack, type Stack } from './stack';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const base64 = (text: string) => Buffer.from(text).toString('base64');
const drawing = (inside: string) => base64(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32">${inside}</svg>`);
const look = {
  name: 'Acme AI',
  accent: '#0f766e',
  logo: drawing('<rect width="120" height="32" rx="8" fill="#0f766e"/>'),
  support_email: 'help@example.com',
  support_url: 'https://example.com/help',
  links: [{ label: 'Terms of use', url: 'https://example.com/terms' }],
};

test('the operator’s name, logo, colour and links are on every page, in both themes', async () => {
  const { service, dashboard, browser } = stack;
  const refused = await service.call<{ error: { fields: Record<string, string> } }>('PATCH', '/api/admin/settings', { key: 'codexible_demo_admin_2026', body: { ...look, logo: drawing('<script>alert(1)</script>') } });
  expect([refused.status, refused.body.error.fields.logo]).toEqual([422, expect.stringContaining('script')]);
  const { page: before, close: closeBefore } = await visit(browser);
  await open(before, `${dashboard.url}/dashboard/login`);
  expect(await before.title()).toBe('Sign in · Codexible');
  await closeBefore();

  await service.admin('PATCH', '/settings', look);
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, complaints, close } = await visit(browser, { colorScheme, viewport: { width: 390, height: 844 } });
    await expect
      .poll(
        async () => {
          await page.goto(`${dashboard.url}/dashboard/login`);
          return page.title();
        },
        { timeout: 60_000, interval: 2000 },
      )
      .toBe('Sign in · Acme AI');
    await signIn(page, dashboard.url, demo.pro.key);
    const logo = page.getByRole('banner').getByRole('img', { name: 'Acme AI' });
    expect(await logo.evaluate((img: HTMLImageElement) => [img.complete, img.naturalWidth > 0, new URL(img.src).origin === location.origin])).toEqual([true, true, true]);
    const style = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--accent'));
    expect(style.trim()).toBe('#0f766e');
    const footer = page.getByRole('contentinfo');
    expect(await footer.getByRole('link').evaluateAll((links) => links.map((link) => [link.textContent, link.getAttribute('href')]))).toEqual([
      ['Support', 'https://example.com/help'],
      ['help@example.com', 'mailto:help@example.com'],
      ['Terms of use', 'https://example.com/terms'],
    ]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.getByRole('main').textContent()).not.toContain('Codexible');
    expect(complaints).toEqual([]);
    await close();
  }

  const current = await service.call<{ logo: string }>('GET', '/api/appearance');
  const image = await fetch(`${dashboard.url}/dashboard/appearance/${current.body.logo.replace('/api/appearance/', '')}`);
  expect([image.status, image.headers.get('Content-Type'), image.headers.get('X-Content-Type-Options'), image.headers.get('Content-Security-Policy')]).toEqual([
    200,
    'image/svg+xml',
    'nosniff',
    "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  ]);
}, 180_000);
