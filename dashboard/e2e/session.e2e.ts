import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityFaults, interactive, open, signIn, visit, type Dashboard } from './dashboard';
import { demo, type Service } from './service';
import { startStack, type Stack } from './stack';

let stack: Stack;
let service: Service;
let dashboard: Dashboard;
let browser: Browser;

beforeAll(async () => {
  stack = await startStack();
  ({ service, dashboard, browser } = stack);
});
afterAll(() => stack.stop());

test('a bad key is refused where it was typed, and stays out of the address', async () => {
  const { page, complaints, close } = await visit(browser);
  await open(page, `${dashboard.url}/dashboard/login`);
  const field = page.getByLabel('API key');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Enter an API key.').waitFor();

  await field.fill('codexible_ffffffffffffffffffffffffffffffff');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This key was not accepted.').waitFor();
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
  expect(page.url()).toBe(`${dashboard.url}/dashboard/login`);
  expect(await page.context().cookies()).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('the key is where no script, no page and no address has it', async () => {
  const { key } = await service.newCustomer();
  const { page, complaints, close } = await visit(browser);
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  await signIn(page, dashboard.url, key);
  for (const path of ['/dashboard', '/dashboard/models', '/dashboard/keys', '/dashboard/connect', '/docs']) {
    await page.goto(dashboard.url + path);
    expect(await page.content()).not.toContain(key);
    expect(await page.evaluate(() => document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage))).not.toContain(key);
  }
  expect(addresses.join('\n')).not.toContain(key);
  expect(addresses.every((address) => address.startsWith(dashboard.url))).toBe(true);
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ name: 'codexible_key', value: key, httpOnly: true, sameSite: 'Lax', path: '/' });
  expect(dashboard.output()).not.toContain(key);
  expect(complaints).toEqual([]);
  await close();
});

test('signing out deletes the cookie but does not revoke the key', async () => {
  const { key } = await service.newCustomer();
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, key);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/login`);
  expect(await page.context().cookies()).toEqual([]);
  await page.goto(`${dashboard.url}/dashboard/keys`);
  expect(page.url()).toBe(`${dashboard.url}/dashboard/login`);
  expect((await service.call('GET', '/api/usage/today', { key })).status).toBe(200);
  expect(complaints).toEqual([]);
  await close();
});

test('a form that is sent before the script has loaded signs in, too', async () => {
  const { page, close } = await visit(browser, { javaScriptEnabled: false });
  await page.goto(`${dashboard.url}/dashboard/login`);
  await page.getByLabel('API key').fill(` ${demo.pro.key} `);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard`);

  await page.context().clearCookies();
  await page.goto(`${dashboard.url}/dashboard/login`);
  await page.getByLabel('API key').fill('codexible_ffffffffffffffffffffffffffffffff');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/login?reason=refused`);
  await page.getByText('This key was not accepted.').waitFor();
  await close();
});

test('a key that is revoked elsewhere ends the session', async () => {
  const customer = await service.newCustomer();
  const { page, complaints, close, expectStatuses } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  const [own] = await service.get<{ id: string }[]>('/api/keys', customer.key);
  await service.admin('DELETE', `/tokens/${own?.id}`);
  expectStatuses(401);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/login?reason=expired`);
  await page.getByText('Your key is no longer valid.').waitFor();
  expect(await page.context().cookies()).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('language and theme follow the browser until the viewer chooses, and then the viewer', async () => {
  const { page, complaints, close } = await visit(browser, { locale: 'vi-VN', colorScheme: 'dark' });
  await open(page, `${dashboard.url}/dashboard/login`);
  await page.getByRole('heading', { name: 'Đăng nhập' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('vi');
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();

  await page.getByLabel('Giao diện').selectOption('light');
  const light = await ground();
  expect(light).not.toBe(dark);
  await page.getByLabel('Ngôn ngữ').selectOption('en');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.reload();
  await interactive(page);
  expect(await ground()).toBe(light);
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await page.getByLabel('Theme').selectOption('system');
  expect(await ground()).toBe(dark);
  expect(complaints).toEqual([]);
  await close();
});

test('everything can be reached by keyboard, in order, and seen when it is', async () => {
  const { page, close } = await visit(browser);
  await signIn(page, dashboard.url, demo.pro.key);
  await page.getByRole('button', { name: 'Older' }).waitFor();
  const reached: string[] = [];
  for (let step = 0; step < 15; step++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element) return null;
      // A radio button is seen by its label.
      const seen = element.closest('label') ?? element;
      return { name: element.getAttribute('aria-label') ?? seen.textContent, outline: getComputedStyle(seen).outlineStyle };
    });
    expect(focused?.outline, focused?.name.slice(0, 80)).not.toBe('none');
    reached.push(focused?.name ?? '');
  }
  expect(reached.slice(0, 13)).toEqual(['Skip to content', 'Codexible', 'Overview', 'Models', 'Keys', 'Connect', 'Docs', 'Sign out', 'Refresh', 'Manage keys', 'Alerts by e-mail', '30 days', 'Credits used by day']);
  await page.goto(`${dashboard.url}/dashboard`);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
  await close();
});

describe.each([
  { name: 'wide, light, English', options: { viewport: { width: 1280, height: 900 }, colorScheme: 'light', locale: 'en-US' } as const },
  { name: 'a phone, dark, Vietnamese', options: { viewport: { width: 390, height: 844 }, colorScheme: 'dark', locale: 'vi-VN' } as const },
])('on $name', ({ options }) => {
  test('axe-core finds nothing serious, no page is wider than the screen, and each has one first heading', async () => {
    const { page, complaints, close, expectStatuses } = await visit(browser, options);
    const inspect = async (where: string) => {
      expect(await accessibilityFaults(page), where).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), where).toBeLessThanOrEqual(options.viewport.width);
      expect(await page.locator('h1').count(), where).toBe(1);
      expect(await page.locator('main').count(), where).toBe(1);
    };
    await page.goto(`${dashboard.url}/dashboard/login?reason=expired`);
    await inspect('sign-in');
    expectStatuses(404);
    await page.goto(`${dashboard.url}/nowhere`);
    await inspect('a page that does not exist');
    await open(page, `${dashboard.url}/dashboard/login`);
    await page.locator('input[name=token]').fill(demo.business.key);
    await page.locator('button[type=submit]').click();
    await page.waitForURL(`${dashboard.url}/dashboard`);
    await page.locator('[data-readout]').nth(1).waitFor();
    await inspect('overview');
    for (const summary of await page.locator('summary').all()) await summary.click();
    await inspect('overview with its tables open');
    await open(page, `${dashboard.url}/dashboard/models`);
    await page.locator('[data-model]').first().waitFor();
    await inspect('models');
    for (const summary of await page.locator('summary').all()) await summary.click();
    await inspect('models with all their prices');
    await open(page, `${dashboard.url}/dashboard/keys`);
    await page.locator('[data-key]').first().waitFor();
    await inspect('keys');
    await page.getByRole('radio').last().check();
    await page.locator('textarea').fill('nowhere');
    await page.locator('button[type=submit]').last().click();
    await page.locator('textarea[aria-invalid=true]').waitFor();
    await inspect('the form for a key, every part of it open');
    for (const action of [0, 1, 2, 3]) {
      await page.locator('[data-key]').first().getByRole('button').nth(action).click();
      await page.getByRole('dialog').waitFor();
      await inspect(`dialog ${action}`);
      await page.keyboard.press('Escape');
    }
    // A customer of this test's own: so many pages come near the rate limit of one key.
    const customer = await service.newCustomer('Pro', ['models', 'usage', 'keys']);
    await page.context().clearCookies();
    await open(page, `${dashboard.url}/dashboard/login`);
    await page.locator('input[name=token]').fill(customer.key);
    await page.locator('button[type=submit]').click();
    await page.waitForURL(`${dashboard.url}/dashboard`);
    await page.locator('main section a[href="/dashboard/connect"]').waitFor();
    await page.locator('[data-figure=credits_used]').waitFor();
    await inspect('overview of a new customer');
    await open(page, `${dashboard.url}/dashboard/connect`);
    await page.locator('[data-tool]').waitFor();
    await interactive(page);
    const tools = page.locator('fieldset label');
    for (let i = 0; i < (await tools.count()); i++) {
      await tools.nth(i).click();
      await inspect(`the set-up of tool ${i}`);
    }
    await page.locator('main form button[type=submit]').click();
    await page.locator('[data-secret]').waitFor();
    await page.locator('[data-tool] ~ div button').click();
    await page.locator('[data-outcome=answered] [data-charge]').waitFor();
    await inspect('a test of a key');
    await page.goto(`${dashboard.url}/docs`);
    await inspect('docs');
    expect(complaints).toEqual([]);
    await close();
  });
});
