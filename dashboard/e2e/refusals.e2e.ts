import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityFaults, open, signIn, visit, type Dashboard } from './dashboard';
import { demo, type Service } from './service';
import { startStack, type Stack } from './stack';

const figure = (page: Page, name: string) => page.locator(`[data-figure=${name}]`);
const trouble = (page: Page, kind: string) => page.locator(`[data-trouble=${kind}]`);
/** Longer than the interval at which the page refreshes. */
const refreshIntervalMs = 31_000;

/**
 * Advances the page's clock until a refresh brings the expected state. Nothing on a
 * page shows when its scripts have started; time before that causes no refresh, so
 * the clock is advanced again.
 */
async function shownByItself(page: Page, shows: () => Promise<boolean>) {
  for (let turn = 0; turn < 8 && !(await shows()); turn++) {
    await page.clock.runFor(refreshIntervalMs);
    await expect.poll(shows, { timeout: 5000 }).toBe(true).catch(() => undefined);
  }
  expect(await shows()).toBe(true);
}

describe('with the service at hand', () => {
  let stack: Stack;
  let service: Service;
  let dashboard: Dashboard;
  let browser: Browser;
  beforeAll(async () => {
    stack = await startStack();
    ({ service, dashboard, browser } = stack);
  });
  afterAll(() => stack.stop());

  test('a quota used up while the page is open shows there, with the reset in both times', async () => {
    const customer = await service.newCustomer();
    const { page, complaints, close } = await visit(browser);
    await page.clock.install();
    await signIn(page, dashboard.url, customer.key);
    expect(await figure(page, 'left').textContent()).toBe('75 credits left');

    await service.call('POST', '/api/usage', { key: customer.key, body: { credits: 74, model: 'codex-large' } });
    await shownByItself(page, async () => (await figure(page, 'left').textContent()) === '1 credit left');
    await page.getByRole('table', { name: 'By model' }).getByText('codex-large').waitFor();

    expect((await service.call('POST', '/api/usage', { key: customer.key, body: { credits: 2 } })).status).toBe(429);
    await service.call('POST', '/api/usage', { key: customer.key, body: { credits: 1 } });
    await shownByItself(page, async () => (await figure(page, 'left').textContent()) === 'Today’s credits are used up');
    expect(await figure(page, 'reset').textContent()).toMatch(/^Resets at 00:00 UTC \(07:00 your time\), in/);
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.getByRole('link', { name: 'Connect', exact: true }).click();
    await page.getByRole('button', { name: 'Test it' }).click();
    const refused = page.locator('[data-outcome=refused]');
    await refused.getByText('status 429').waitFor();
    expect(await refused.textContent()).toMatch(/Daily credit limit reached \(75\/75\)/);

    await page.goto(`${dashboard.url}/dashboard/keys`);
    await page.locator('[data-key]').first().waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  test('a suspension is shown once, keeps the figures, and ends when the account is active again', async () => {
    const customer = await service.newCustomer();
    const { page, complaints, close, expectStatuses } = await visit(browser);
    await page.clock.install();
    await signIn(page, dashboard.url, customer.key);
    expectStatuses(403);
    await service.admin('PATCH', `/users/${customer.id}`, { status: 'suspended' });
    await shownByItself(page, async () => (await trouble(page, 'suspended').count()) === 1);
    expect(await figure(page, 'left').textContent()).toBe('75 credits left');
    expect(await figure(page, 'status').textContent()).toBe('Suspended');

    await page.reload();
    await trouble(page, 'suspended').waitFor();
    expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual(['Credits', 'Account', 'Usage by day', 'By model', 'By hour', 'Last refusals', 'Recent charges']);
    expect(await accessibilityFaults(page)).toEqual([]);

    await service.admin('PATCH', `/users/${customer.id}`, { status: 'active' });
    await shownByItself(page, async () => (await trouble(page, 'suspended').count()) === 0);
    await figure(page, 'left').waitFor();

    await service.admin('PATCH', `/users/${customer.id}`, { status: 'suspended' });
    await page.context().clearCookies();
    await open(page, `${dashboard.url}/dashboard/login`);
    await page.getByLabel('API key').fill(customer.key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The account may also be suspended').waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  test('a rate limit counts down on the panel that met it, keeps the rest, and ends by itself', async () => {
    await service.admin('POST', '/plans', { name: 'Slow', daily_credit_limit: 10, price_cents: 0, rate_limit_per_minute: 11 });
    const customer = await service.newCustomer('Slow');
    const { page, complaints, close, expectStatuses } = await visit(browser);
    expectStatuses(429);
    await signIn(page, dashboard.url, customer.key);
    await page.getByText('No charges in this period').waitFor();
    // One of the eleven went into signing in and seven into the page; the window is full after three more.
    for (let call = 0; call < 3; call++) expect((await service.call('GET', '/api/usage/today', { key: customer.key })).status).toBe(200);
    const refused = await service.call('GET', '/api/usage/today', { key: customer.key });
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get('Retry-After'));

    await page.getByRole('button', { name: 'Refresh' }).click();
    await trouble(page, 'rate_limited').first().waitFor();
    const seconds = async () => Number(/in (\d+) second/.exec((await trouble(page, 'rate_limited').first().textContent()) ?? '')?.[1]);
    const first = await seconds();
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(wait);
    await expect.poll(seconds, { timeout: 5000 }).toBeLessThan(first);
    expect(await page.getByRole('button', { name: 'Try again' }).first().isDisabled()).toBe(true);
    expect(await figure(page, 'left').textContent()).toBe('10 credits left');
    expect(await page.getByText('No charges in this period').count()).toBe(1);

    await expect.poll(() => trouble(page, 'rate_limited').count(), { timeout: (wait + 5) * 1000 }).toBe(0);
    expect(complaints).toEqual([]);
    await close();
  }, 120_000);

  test('a call that the page’s own policy blocks is shown as such', async () => {
    const { page, complaints, close } = await visit(browser);
    await page.route(`${dashboard.url}/dashboard`, async (route) => {
      const response = await route.fetch();
      const policy = response.headers()['content-security-policy']?.replace("connect-src 'self'", "connect-src 'none'");
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy ?? '' } });
    });
    await signIn(page, dashboard.url, demo.pro.key);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await trouble(page, 'csp').waitFor();
    expect(await figure(page, 'credits_used').textContent()).toBe('89');
    // The violation that this test made, and nothing else.
    expect(complaints.length).toBeGreaterThan(0);
    expect(complaints.every((complaint) => complaint.includes("connect-src 'none'") || complaint.includes('/dashboard/api/'))).toBe(true);
    await close();
  });
});

describe('with a service that comes and goes', () => {
  let stack: Stack;
  let service: Service;
  let dashboard: Dashboard;
  let browser: Browser;
  beforeAll(async () => {
    stack = await startStack();
    ({ service, dashboard, browser } = stack);
  });
  afterAll(() => stack.stop());
  afterEach(async () => {
    await service.stop();
    await service.resume();
  });

  test('an open page keeps its figures and finds the service again by itself', async () => {
    const { page, complaints, close, expectStatuses } = await visit(browser);
    expectStatuses(502);
    await signIn(page, dashboard.url, demo.pro.key);
    await service.stop();
    await page.getByRole('button', { name: 'Refresh' }).click();
    await trouble(page, 'network').first().waitFor();
    expect(await figure(page, 'credits_used').textContent()).toBe('89');
    await service.resume();
    await expect.poll(() => trouble(page, 'network').count(), { timeout: 40_000 }).toBe(0);
    expect(complaints).toEqual([]);
    await close();
  });

  test('a page opened meanwhile stands, says so in each panel, and fills when the service is back', async () => {
    const { page, complaints, close, expectStatuses } = await visit(browser);
    expectStatuses(502);
    await signIn(page, dashboard.url, demo.pro.key);
    await service.stop();
    await page.goto(`${dashboard.url}/dashboard/models`);
    await trouble(page, 'network').waitFor();
    expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual(['Available models']);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.goto(`${dashboard.url}/dashboard`);
    await expect.poll(() => trouble(page, 'network').count()).toBe(7);
    expect(await page.getByRole('heading', { level: 2 }).count()).toBe(7);
    expect(await accessibilityFaults(page)).toEqual([]);
    await service.resume();
    await expect.poll(() => trouble(page, 'network').count(), { timeout: 40_000 }).toBe(0);
    expect(await figure(page, 'credits_used').textContent()).toBe('89');
    expect(await page.getByRole('slider').count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    await close();
  });

  test('signing in meanwhile is a wait, not a wrong key', async () => {
    const { page, complaints, close, expectStatuses } = await visit(browser);
    expectStatuses(502);
    await service.stop();
    await open(page, `${dashboard.url}/dashboard/login`);
    await page.getByLabel('API key').fill(demo.pro.key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await trouble(page, 'network').waitFor();
    expect(await page.getByText('This key was not accepted.').count()).toBe(0);
    await service.resume();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${dashboard.url}/dashboard`);
    expect(complaints).toEqual([]);
    await close();
  });
});

describe('behind a proxy', () => {
  let stack: Stack;
  let dashboard: Dashboard;
  let browser: Browser;
  beforeAll(async () => {
    stack = await startStack({ service: { RATE_LIMIT_PER_IP: '20' }, dashboard: { TRUSTED_PROXIES: '127.0.0.1' } });
    ({ dashboard, browser } = stack);
  });
  afterAll(() => stack.stop());

  test('a guesser uses up its own limit, sees the countdown, and slows no other visitor', async () => {
    const from = (address: string) => visit(browser, { extraHTTPHeaders: { 'X-Forwarded-For': address } });
    const guesser = await from('203.0.113.7');
    guesser.expectStatuses(429);
    await open(guesser.page, `${dashboard.url}/dashboard/login`);
    await guesser.page.getByLabel('API key').fill('codexible_ffffffffffffffffffffffffffffffff');
    const submit = guesser.page.getByRole('button', { name: 'Sign in' });
    for (let guess = 0; guess < 20; guess++) {
      const answered = guesser.page.waitForResponse(`${dashboard.url}/dashboard/session`);
      await submit.click();
      expect((await answered).status()).toBe(200);
      await expect.poll(() => submit.isEnabled()).toBe(true);
    }
    await submit.click();
    await trouble(guesser.page, 'rate_limited').waitFor();
    expect(await trouble(guesser.page, 'rate_limited').textContent()).toMatch(/Try again in \d+ seconds?\./);

    const customer = await from('198.51.100.20');
    await signIn(customer.page, dashboard.url, demo.starter.key);
    expect(await figure(customer.page, 'credits_used').textContent()).toBe('22');
    expect([...guesser.complaints, ...customer.complaints]).toEqual([]);
    await guesser.close();
    await customer.close();
  });
});
