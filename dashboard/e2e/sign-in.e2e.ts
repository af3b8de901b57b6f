import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startMailbox } from '@/testing/mailbox';
import { client, startProvider } from '@/testing/openid-provider';
import { accessibilityFaults, interactive, open, visit, type Dashboard, type Visit } from './dashboard';
import { freePort } from './program';
import type { Service } from './service';
import { startStack, type Stack } from './stack';

/* Signing in without a key: by a link in a mail, and with an OpenID Connect provider. */

let mailbox: Awaited<ReturnType<typeof startMailbox>>;
let provider: Awaited<ReturnType<typeof startProvider>>;
let stack: Stack;
let service: Service;
let dashboard: Dashboard;
let browser: Browser;

beforeAll(async () => {
  [mailbox, provider] = await Promise.all([startMailbox(), startProvider()]);
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  stack = await startStack({
    demo: false,
    service: {
      SMTP_URL: mailbox.url,
      MAIL_FROM: 'Codexible <codexible@example.com>',
      PUBLIC_URL: 'http://127.0.0.1:9',
      DASHBOARD_URL: url,
      REGISTRATION_PLAN: 'Starter',
      OIDC_ISSUER: provider.url,
      OIDC_CLIENT_ID: client.id,
      OIDC_CLIENT_SECRET: client.secret,
      OIDC_ADMINS: 'operator@example.com',
      OIDC_CUSTOMERS: 'true',
    },
    // Each visitor comes from an address of its own: links are limited by it.
    dashboard: { PORT: port, TRUSTED_PROXIES: '127.0.0.1/32' },
  });
  ({ service, dashboard, browser } = stack);
});
afterAll(async () => {
  await stack.stop();
  await Promise.all([mailbox.stop(), provider.stop()]);
});
beforeEach(() => {
  mailbox.letters.length = 0;
});

let visitors = 0;
const someone = (options: BrowserContextOptions = {}): Promise<Visit> => visit(browser, { extraHTTPHeaders: { 'X-Forwarded-For': `198.51.100.${++visitors}` }, ...options });

async function askFor(page: Page, email: string): Promise<void> {
  await open(page, `${dashboard.url}/dashboard/login`);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByRole('button', { name: 'Send sign-in link' }).click();
  await page.getByRole('heading', { name: 'Check your mailbox' }).waitFor();
}

/** The link in the newest mail to an address, once there are as many as expected. */
async function linkTo(email: string, letters = 1): Promise<string> {
  const all = () => mailbox.letters.filter(({ to }) => to === email);
  await expect.poll(() => all().length).toBe(letters);
  const link = /https?:\/\/\S+/.exec(all().at(-1)?.text ?? '')?.[0] ?? '';
  expect(link).toMatch(new RegExp(`^${dashboard.url}/dashboard/login/link\\?token=[\\w-]+$`));
  return link;
}

async function follow(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.locator('main').getByRole('button', { name: 'Sign in' }).click();
}

async function signInByMail(page: Page, email: string): Promise<void> {
  await askFor(page, email);
  await follow(page, await linkTo(email));
}

const tokenOf = async (page: Page) => (await page.context().cookies()).find(({ name }) => name === 'codexible_key')?.value ?? '';

test('a link in a mail signs in, and signing out ends the session at the API', async () => {
  const { email } = await service.newCustomer();
  const { page, complaints, close } = await someone();
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  await askFor(page, email);
  await page.getByText(`If ${email} can sign in, a link is on its way.`).waitFor();
  const link = await linkTo(email);
  await follow(page, link);
  await page.waitForURL(`${dashboard.url}/dashboard`);
  await page.locator('[data-figure=credits_used]').waitFor();
  expect(await page.locator('header [data-email]').textContent()).toContain(email);
  expect(await page.locator('[data-figure=key]').count()).toBe(0);

  const token = await tokenOf(page);
  expect(token).toMatch(/^codexible_session_/);
  const cookies = await page.context().cookies();
  expect(cookies.map(({ name }) => name).sort()).toEqual(['codexible_key', 'codexible_user']);
  for (const { httpOnly, sameSite, expires } of cookies) {
    expect([httpOnly, sameSite]).toEqual([true, 'Lax']);
    expect(expires - Date.now() / 1000).toBeGreaterThan(29 * 86_400);
  }
  for (const path of ['/dashboard', '/dashboard/models', '/dashboard/keys', '/dashboard/connect', '/docs']) {
    await page.goto(dashboard.url + path);
    expect(await page.content()).not.toContain(token);
  }
  const linkToken = new URL(link).searchParams.get('token') ?? '';
  expect(addresses.filter((address) => address.includes(linkToken))).toEqual([link]);
  expect(addresses.every((address) => address.startsWith(dashboard.url))).toBe(true);
  expect(dashboard.output() + service.output()).not.toMatch(new RegExp(`${token}|${linkToken}`));

  expect((await service.call('GET', '/api/usage/today', { key: token })).status).toBe(200);
  await interactive(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/login`);
  expect(await page.context().cookies()).toEqual([]);
  expect((await service.call('GET', '/api/usage/today', { key: token })).status).toBe(401);
  expect(complaints).toEqual([]);
  await close();
});

test('all of it works without scripts', async () => {
  const { email } = await service.newCustomer();
  const { page, close } = await someone({ javaScriptEnabled: false });
  await page.goto(`${dashboard.url}/dashboard/login`);
  await page.getByLabel('E-mail address').fill('nobody at all');
  await page.getByRole('button', { name: 'Send sign-in link' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/login?reason=address`);
  await page.getByText('This is not an e-mail address.').waitFor();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByRole('button', { name: 'Send sign-in link' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/login/sent`);
  await page.getByText('If the address can sign in, a link is on its way.').waitFor();
  await follow(page, await linkTo(email));
  await page.waitForURL(`${dashboard.url}/dashboard`);
  expect(await page.locator('header [data-email]').textContent()).toContain(email);
  await page.context().clearCookies();
  await page.goto(`${dashboard.url}/dashboard/login`);
  await page.getByText('or with an API key').click();
  expect(await page.getByLabel('API key').isVisible()).toBe(true);
  await close();
});

test('a newcomer registers, connects a tool, makes a key and can manage it', async () => {
  const email = `${randomUUID()}@example.com`;
  const { page, complaints, close } = await someone();
  await open(page, `${dashboard.url}/dashboard/login`);
  await page.getByRole('heading', { name: 'Sign in or create an account' }).waitFor();
  await signInByMail(page, email);
  await page.waitForURL(`${dashboard.url}/dashboard/connect`);
  await page.locator('[data-tool]').waitFor();
  await interactive(page);
  await page.getByText('Make a key, then test it here').waitFor();
  await page.getByRole('button', { name: 'Create key for a program' }).click();
  const key = (await page.locator('[data-secret]').textContent()) ?? '';
  expect(key).toMatch(/^codexible_[0-9a-f]{32}$/);
  expect((await service.call('GET', '/api/models', { key })).status).toBe(200);
  expect(await page.getByRole('button', { name: 'Test it' }).count()).toBe(1);

  await open(page, `${dashboard.url}/dashboard/keys`);
  const row = page.locator('[data-key]').first();
  await row.waitFor();
  expect(await row.getByRole('button').allTextContents()).toEqual(['Change', 'Rotate', 'Disable', 'Revoke']);
  expect(await row.getByRole('button', { disabled: true }).count()).toBe(0);
  await row.getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate key' }).click();
  await page.locator('[data-secret]').waitFor();
  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke key' }).click();
  await page.getByText('is revoked.').waitFor();
  await expect.poll(() => page.locator('[data-key]').count()).toBe(0);
  await page.getByRole('radio', { name: 'For signing in' }).check();
  await page.getByRole('button', { name: 'Create key' }).click();
  await row.waitFor();
  expect(page.url()).toBe(`${dashboard.url}/dashboard/keys`);
  expect(complaints).toEqual([]);
  await close();
});

test('the page of a link uses nothing up, is not kept, and sends no referrer', async () => {
  const { email } = await service.newCustomer();
  const { page, close } = await someone();
  await askFor(page, email);
  const link = await linkTo(email);
  for (const method of ['GET', 'HEAD', 'GET']) {
    const response = await fetch(link, { method, headers: { 'X-Forwarded-For': '198.51.100.200' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toContain('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('set-cookie')).toBeNull();
  }
  await follow(page, link);
  await page.waitForURL(`${dashboard.url}/dashboard`);
  await close();
});

test('in another browser a link does not work, and stays good for the one that asked', async () => {
  const { email } = await service.newCustomer();
  const [asker, other] = await Promise.all([someone(), someone()]);
  await askFor(asker.page, email);
  const link = await linkTo(email);

  await other.page.goto(link);
  await other.page.getByText('A link works only in the browser that asked for it').waitFor();
  expect(await other.page.locator('main').getByRole('button').count()).toBe(0);
  await other.page.getByRole('link', { name: 'Ask for another link' }).click();
  await other.page.waitForURL(`${dashboard.url}/dashboard/login`);

  // A browser that has asked for a link of its own has a secret, but another one.
  await askFor(other.page, `${randomUUID()}@example.com`);
  await follow(other.page, link);
  await other.page.waitForURL(`${dashboard.url}/dashboard/login?reason=browser`);
  expect(await tokenOf(other.page)).toBe('');

  await follow(asker.page, link);
  await asker.page.waitForURL(`${dashboard.url}/dashboard`);
  expect([asker.complaints, other.complaints]).toEqual([[], []]);
  await Promise.all([asker.close(), other.close()]);
});

test('a link that was used or replaced leads to a sentence and the form for another one', async () => {
  const { email } = await service.newCustomer();
  const { page, complaints, close } = await someone();
  await askFor(page, email);
  const first = await linkTo(email);
  await askFor(page, email);
  const second = await linkTo(email, 2);
  expect(second).not.toBe(first);
  await follow(page, first);
  await page.waitForURL(`${dashboard.url}/dashboard/login?reason=link`);
  await page.getByText('This link does not work any more').waitFor();
  await follow(page, second);
  await page.waitForURL(`${dashboard.url}/dashboard`);

  await page.context().clearCookies({ name: 'codexible_key' });
  await askFor(page, `${randomUUID()}@example.com`);
  await follow(page, second);
  await page.waitForURL(`${dashboard.url}/dashboard/login?reason=link`);
  expect(await page.getByLabel('E-mail address').isVisible()).toBe(true);
  await page.goto(`${dashboard.url}/dashboard/login/link`);
  await page.getByText('This link does not work any more').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('signing out everywhere ends the sign-ins of other browsers, too', async () => {
  const { email, key } = await service.newCustomer();
  const [one, two] = await Promise.all([someone(), someone()]);
  await signInByMail(one.page, email);
  await one.page.waitForURL(`${dashboard.url}/dashboard`);
  mailbox.letters.length = 0;
  await signInByMail(two.page, email);
  await two.page.waitForURL(`${dashboard.url}/dashboard`);
  await one.page.locator('[data-figure=credits_used]').waitFor();
  await interactive(one.page);
  await interactive(two.page);
  await one.page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await one.page.waitForURL(`${dashboard.url}/dashboard/login`);
  two.expectStatuses(401);
  await two.page.getByRole('button', { name: 'Refresh' }).click();
  await two.page.waitForURL(`${dashboard.url}/dashboard/login?reason=ended`);
  await two.page.getByText('Your sign-in has ended.').waitFor();
  expect(await two.page.context().cookies()).toEqual([]);
  expect((await service.call('GET', '/api/usage/today', { key })).status).toBe(200);
  expect([one.complaints, two.complaints]).toEqual([[], []]);
  await Promise.all([one.close(), two.close()]);
});

test('too many links from one address are refused in words', async () => {
  const { page, complaints, close, expectStatuses } = await someone();
  await open(page, `${dashboard.url}/dashboard/login`);
  for (let i = 0; i < 10; i++) {
    const headers = { 'Sec-Fetch-Site': 'same-origin' };
    const answer = await page.context().request.post(`${dashboard.url}/dashboard/session/mail`, { headers, data: { email: `${randomUUID()}@example.com` } });
    expect(answer.status()).toBe(200);
  }
  expectStatuses(429);
  await page.getByLabel('E-mail address').fill('ann@example.com');
  await page.getByRole('button', { name: 'Send sign-in link' }).click();
  await page.locator('[data-trouble=rate_limited]').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test.each([
  ['with scripts', true],
  ['without scripts', false],
])('an OpenID Connect provider signs in, or not, %s', async (_, javaScriptEnabled) => {
  const email = `${randomUUID()}@example.com`;
  provider.person = { sub: randomUUID(), email, email_verified: true };
  const { page, complaints, close } = await someone({ javaScriptEnabled });
  const begin = async () => {
    await page.goto(`${dashboard.url}/dashboard/login`);
    await page.getByRole('button', { name: 'Sign in with OpenID Connect' }).click();
    await page.getByRole('heading', { name: 'The provider' }).waitFor();
  };
  await begin();
  await page.getByRole('link', { name: 'Refuse' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/login?reason=denied`);
  await page.getByText('You did not allow the sign-in at the provider.').waitFor();
  expect(await tokenOf(page)).toBe('');

  await begin();
  const back = await page.getByRole('link', { name: 'Allow' }).getAttribute('href');
  await page.getByRole('link', { name: 'Allow' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/connect`);
  expect(await page.locator('header [data-email]').textContent()).toContain(email);
  expect(await tokenOf(page)).toMatch(/^codexible_session_/);

  const other = await someone();
  await other.page.goto(back ?? '');
  expect(other.page.url()).toBe(`${dashboard.url}/dashboard/login?reason=browser`);
  expect(complaints).toEqual([]);
  await Promise.all([close(), other.close()]);
});

describe.each([
  { name: 'wide, light, English', options: { viewport: { width: 1280, height: 900 }, colorScheme: 'light', locale: 'en-US' } as const },
  { name: 'a phone, dark, Vietnamese', options: { viewport: { width: 390, height: 844 }, colorScheme: 'dark', locale: 'vi-VN' } as const },
])('on $name', ({ options }) => {
  test('axe-core finds nothing serious, no page is wider than the screen, and each has one first heading', async () => {
    const { page, complaints, close } = await someone(options);
    const inspect = async (where: string) => {
      expect(await accessibilityFaults(page), where).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), where).toBeLessThanOrEqual(options.viewport.width);
      expect(await page.locator('h1').count(), where).toBe(1);
    };
    const email = `a.rather.long.name.of.a.customer.${randomUUID()}@example.com`;
    await open(page, `${dashboard.url}/dashboard/login?reason=browser`);
    await page.locator('summary').click();
    await inspect('sign-in with a reason, every part of it open');
    await page.locator('input[name=email]').fill('no address');
    await page.locator('form').first().locator('button').click();
    await page.locator('input[aria-invalid=true]').waitFor();
    await inspect('sign-in with a mistake');
    await page.locator('input[name=email]').fill(email);
    await page.locator('form').first().locator('button').click();
    await page.locator('[data-sent]').waitFor();
    expect(await page.evaluate(() => document.activeElement?.matches('[data-sent]'))).toBe(true);
    await inspect('a link is on its way');
    await page.goto(`${dashboard.url}/dashboard/login/sent`);
    await inspect('a link is on its way, without scripts');
    const letter = mailbox.letters.find(({ to }) => to === email);
    expect(letter?.text).toContain(options.locale === 'vi-VN' ? 'liên kết' : 'link');
    await page.goto(await linkTo(email));
    await inspect('the page of a link');
    await page.locator('main form button').click();
    await page.waitForURL(`${dashboard.url}/dashboard/connect`);
    await page.locator('[data-tool]').waitFor();
    await inspect('connect');
    await page.goto(`${dashboard.url}/dashboard/keys`);
    await page.locator('main form').waitFor();
    await inspect('keys');
    await page.goto(`${dashboard.url}/dashboard`);
    await page.locator('[data-figure=credits_used]').waitFor();
    await inspect('overview');
    await page.goto(`${dashboard.url}/dashboard/login/link`);
    await inspect('the page of a link that is none');
    expect(complaints).toEqual([]);
    await close();
  });
});
