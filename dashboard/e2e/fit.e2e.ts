import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Charge } from '@/app/lib/api';
import { accessibilityFaults, visit } from './dashboard';
import { demo } from './service';
import { startStack, type Stack } from './stack';

/* The pages on screens from phone to desktop, in both themes and languages. */

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  stack = await startStack();
  ({ browser } = stack);
});
afterAll(() => stack.stop());

describe.each([
  ['on a phone in the dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark', locale: 'en-US' }],
  ['on a phone in the light, in Vietnamese', { viewport: { width: 390, height: 844 }, colorScheme: 'light', locale: 'vi-VN' }],
  ['on a tablet', { viewport: { width: 820, height: 1180 }, colorScheme: 'light', locale: 'en-US' }],
  ['on a desktop in the dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark', locale: 'vi-VN' }],
] as const)('%s', (_, options) => {
  test('every page fits, cuts no table, and has no fault that axe finds', async () => {
    const { service, dashboard } = stack;
    const { key } = demo.business;
    const [charge] = await service.get<Charge[]>('/api/usage/detailed?limit=1', key);
    const { page, complaints, close } = await visit(browser, options);
    await page.context().addCookies([{ name: 'codexible_key', value: key, url: dashboard.url }]);
    for (const path of ['/dashboard', '/dashboard/models', '/dashboard/keys', '/dashboard/alerts', `/dashboard/charges/${charge?.id}`]) {
      await page.goto(dashboard.url + path);
      await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
      for (const folded of await page.locator('summary').all()) await folded.click();
      const cut = () => Array.from(document.querySelectorAll<HTMLElement>('html, [role=region]')).filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.ariaLabel ?? each.tagName);
      expect(await page.evaluate(cut), path).toEqual([]);
      expect(await accessibilityFaults(page), path).toEqual([]);
    }
    expect(complaints).toEqual([]);
    await close();
  });
});
