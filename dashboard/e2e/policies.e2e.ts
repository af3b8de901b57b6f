import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Key, NewKey } from '@/app/lib/api';
import { accessibilityFaults, interactive, open, visit, type Dashboard } from './dashboard';
import type { Service } from './service';
import { startStack, type Stack } from './stack';

/* What a key may do: chosen, shown, changed, and never more than the calling key can grant. */

let stack: Stack;
let service: Service;
let dashboard: Dashboard;
let browser: Browser;

beforeAll(async () => {
  stack = await startStack();
  ({ service, dashboard, browser } = stack);
});
afterAll(() => stack.stop());

const everywhere = ['models', 'usage', 'keys'];
const statusOf = async (key: string) => (await service.call('GET', '/api/usage/today', { key })).status;
const keysOf = (key: string) => service.get<Key[]>('/api/keys?limit=200', key);
const labelled = async (key: string, label: string) => (await keysOf(key)).find((each) => each.label === label);
const row = (page: Page, label: string) => page.locator('[data-key]').filter({ has: page.locator('[data-label]').getByText(label, { exact: true }) });
const fact = (of: Locator, name: string) => of.locator(`[data-fact=${name}]`).textContent();
const create = (page: Page) => page.getByRole('button', { name: 'Create key' });

async function newKey(by: string, input: NewKey): Promise<{ id: string; key: string }> {
  const answer = await service.call<{ id: string; key: string }>('POST', '/api/keys', { key: by, body: input });
  expect(answer.status).toBe(200);
  return answer.body;
}

/** Signs in with a key that may be able to see little, and opens a page. */
async function enter(page: Page, key: string, path: string): Promise<void> {
  await open(page, `${dashboard.url}/dashboard/login`);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard`);
  await open(page, dashboard.url + path);
}

async function enterKeys(page: Page, key: string): Promise<void> {
  await enter(page, key, '/dashboard/keys');
  await page.locator('[data-key]').first().waitFor();
  await interactive(page);
}

test('a key for a program calls models and sees usage, is changed, disabled and enabled', async () => {
  const customer = await service.newCustomer('Starter', everywhere);
  const { page, complaints, close } = await visit(browser);
  await enterKeys(page, customer.key);
  expect(await page.getByRole('radio', { name: 'For a program' }).isChecked()).toBe(true);
  await page.getByLabel('Label').fill('Codex');
  await page.getByLabel('Allowed addresses').fill('127.0.0.0/8\n2001:db8::/32, ::1');
  await create(page).click();
  const secret = (await page.locator('[data-secret]').textContent()) ?? '';
  const codex = row(page, 'Codex');
  await codex.waitFor();
  expect(await fact(codex, 'scopes')).toBe('Call models · See usage');
  expect(await fact(codex, 'addresses')).toBe('127.0.0.0/8, ::1, 2001:db8::/32');
  expect(await fact(codex, 'made-by')).toBe('key “First”');
  expect(await fact(row(page, 'First'), 'made-by')).toBe('an operator');
  expect(await codex.locator('[data-status]').textContent()).toBe('Active');
  expect(await labelled(customer.key, 'Codex')).toMatchObject({ scopes: ['models', 'usage'], status: 'active', expires_at: null });
  expect((await service.call('GET', '/api/keys', { key: secret })).status).toBe(403);

  await page.getByRole('button', { name: 'Change: Codex' }).click();
  const change = page.getByRole('dialog', { name: 'Change “Codex”' });
  expect(await change.getByRole('checkbox').count()).toBe(3);
  await change.getByRole('checkbox', { name: 'Call models' }).uncheck();
  await change.getByLabel('Allowed addresses').fill('');
  await change.getByRole('button', { name: 'Save' }).click();
  await page.getByText('“Codex” is saved.').waitFor();
  await expect.poll(() => fact(codex, 'scopes')).toBe('See usage');
  expect(await fact(codex, 'addresses')).toBe('any address');
  expect(await labelled(customer.key, 'Codex')).toMatchObject({ scopes: ['usage'], allowed_addresses: [] });

  await page.getByRole('button', { name: 'Disable: Codex' }).click();
  await page.getByRole('dialog', { name: 'Disable “Codex”?' }).getByRole('button', { name: 'Disable key' }).click();
  await page.getByText('“Codex” is disabled.').waitFor();
  await expect.poll(() => codex.locator('[data-status]').textContent()).toBe('Disabled');
  expect(await statusOf(secret)).toBe(401);
  await page.getByRole('button', { name: 'Enable: Codex' }).click();
  await page.getByRole('dialog', { name: 'Enable “Codex”?' }).getByRole('button', { name: 'Enable key' }).click();
  await page.getByText('“Codex” is enabled.').waitFor();
  await expect.poll(() => codex.locator('[data-status]').textContent()).toBe('Active');
  expect(await statusOf(secret)).toBe(200);
  expect(complaints).toEqual([]);
  await close();
});

test('everything the account may do, and single scopes', async () => {
  const customer = await service.newCustomer();
  const { page, complaints, close } = await visit(browser);
  await enterKeys(page, customer.key);
  await page.getByLabel('Label').fill('Laptop');
  await page.getByRole('radio', { name: 'For signing in' }).check();
  await create(page).click();
  await row(page, 'Laptop').waitFor();

  await page.getByLabel('Label').fill('Report');
  await page.getByRole('radio', { name: 'Custom' }).check();
  expect(await page.getByRole('checkbox').evaluateAll((boxes) => boxes.length)).toBe(3);
  for (const box of await page.getByRole('checkbox').all()) await box.uncheck();
  await create(page).click();
  await page.getByText('Choose at least one scope.').waitFor();
  await page.getByRole('checkbox', { name: 'See usage' }).check();
  await create(page).click();
  await row(page, 'Report').waitFor();
  expect((await labelled(customer.key, 'Laptop'))?.scopes).toEqual(everywhere);
  expect((await labelled(customer.key, 'Report'))?.scopes).toEqual(['usage']);

  await page.getByRole('button', { name: 'Change: First' }).click();
  await page.getByRole('dialog').getByRole('checkbox', { name: 'Manage keys' }).uncheck();
  await page.getByText('Without “Manage keys” you can no longer open this page.').waitFor();
  expect(await page.getByRole('dialog').getByRole('checkbox', { name: 'Charge credits' }).isChecked()).toBe(true);
  await page.keyboard.press('Escape');
  expect(complaints).toEqual([]);
  await close();
});

test('a restricted key offers only what it can grant', async () => {
  const customer = await service.newCustomer('Starter', everywhere);
  const bound = await newKey(customer.key, { label: 'Bound', scopes: ['usage', 'keys'], allowed_addresses: ['127.0.0.0/8'], expires_at: '2099-01-31T12:00:00Z' });
  const { page, complaints, close } = await visit(browser);
  await enterKeys(page, bound.key);
  expect(await page.getByRole('radio', { name: 'For a program' }).isDisabled()).toBe(true);
  expect(await page.getByRole('radio', { name: 'For signing in' }).isDisabled()).toBe(true);
  expect(await page.getByText('Missing scopes: Call models.').count()).toBe(2);
  expect(await page.getByRole('checkbox').count()).toBe(2);
  await page.getByRole('checkbox', { name: 'See usage' }).check();
  const addresses = page.getByLabel('Allowed addresses');
  expect(await addresses.inputValue()).toBe('127.0.0.0/8');
  expect(await page.getByLabel('Expires on').inputValue()).toBe('2099-01-31');
  for (const [typed, problem] of [
    ['office.example', '“office.example” is not a valid address'],
    ['192.0.2.1', '“192.0.2.1” is outside'],
    ['', 'Enter at least one address'],
  ] as const) {
    await addresses.fill(typed);
    await create(page).click();
    await page.getByText(problem).waitFor();
    expect(await addresses.getAttribute('aria-invalid')).toBe('true');
  }
  await addresses.fill('127.0.0.1');
  await page.getByLabel('Label').fill('Narrow');
  await create(page).click();
  await row(page, 'Narrow').waitFor();
  expect(await labelled(customer.key, 'Narrow')).toMatchObject({ scopes: ['usage'], allowed_addresses: ['127.0.0.1'], expires_at: '2099-01-31T12:00:00Z' });

  const first = row(page, 'First');
  await first.getByText('This key has more rights than the key you are signed in with').waitFor();
  expect(await first.getByRole('button').allTextContents()).toEqual(['Disable', 'Revoke']);
  await page.getByRole('button', { name: 'Disable: First' }).click();
  await page.getByRole('button', { name: 'Disable key' }).click();
  await expect.poll(() => first.getByRole('button').allTextContents()).toEqual(['Revoke']);
  expect(await statusOf(customer.key)).toBe(401);
  expect(complaints).toEqual([]);
  await close();
});

test('what the service refuses to grant is explained, and so is a plan whose key limit is reached', async () => {
  await service.admin('POST', '/plans', { name: 'Two keys', daily_credit_limit: 10, price_cents: 0, max_keys: 2 });
  const customer = await service.newCustomer('Two keys', everywhere);
  const { page, complaints, close, expectStatuses } = await visit(browser);
  await enterKeys(page, customer.key);
  const own = await labelled(customer.key, 'First');
  await service.admin('PATCH', `/tokens/${own?.id}`, { scopes: ['usage', 'keys'] });
  expectStatuses(403, 409);
  await create(page).click();
  const trouble = page.locator('[data-trouble]');
  await trouble.getByText('The key you are signed in with does not have permission').waitFor();
  expect(await trouble.textContent()).toContain('Message from the service: This key cannot create a key with the scope models');
  expect(await accessibilityFaults(page)).toEqual([]);

  await service.admin('PATCH', `/tokens/${own?.id}`, { scopes: everywhere });
  await create(page).click();
  await row(page, 'Default').waitFor();
  await create(page).click();
  await trouble.getByText('You have reached the maximum number of keys').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('a key that cannot see usage says so in one sentence, and manages keys', async () => {
  const customer = await service.newCustomer('Starter', everywhere);
  const { key } = await newKey(customer.key, { label: 'Keeper', scopes: ['keys'] });
  const { page, complaints, close } = await visit(browser);
  await enter(page, key, '/dashboard');
  await page.getByText('cannot see usage').waitFor();
  expect(await page.locator('[data-missing]').count()).toBe(1);
  expect(await page.locator('[data-trouble]').count()).toBe(0);
  expect(await page.locator('[data-figure=user]').textContent()).toContain(customer.email);
  expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual(['Account']);
  expect(await accessibilityFaults(page)).toEqual([]);

  await page.getByRole('link', { name: 'Manage keys' }).click();
  await row(page, 'Keeper').getByText('current key').waitFor();
  await interactive(page);
  expect(await page.locator('[data-missing]').count()).toBe(0);
  await page.getByRole('button', { name: 'Rotate: Keeper' }).click();
  await page.getByText('You stay signed in with the new secret.').waitFor();
  await page.getByRole('button', { name: 'Rotate key' }).click();
  const rotated = (await page.locator('[data-secret]').textContent()) ?? '';
  await open(page, `${dashboard.url}/dashboard/keys`);
  await row(page, 'Keeper').getByText('current key').waitFor();
  expect([await service.call('GET', '/api/keys', { key }), await service.call('GET', '/api/keys', { key: rotated })].map(({ status }) => status)).toEqual([401, 200]);

  expect(complaints).toEqual([]);
  await close();
});

test('a key that cannot manage keys says so in one sentence, and offers no form', async () => {
  const customer = await service.newCustomer('Starter', everywhere);
  const { key } = await newKey(customer.key, { label: 'Program', scopes: ['models', 'usage'] });
  const { page, complaints, close } = await visit(browser);
  await enter(page, key, '/dashboard/keys');
  await page.getByText('cannot manage keys').waitFor();
  expect(await page.locator('[data-trouble]').count()).toBe(0);
  expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual(['Your keys']);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.locator('[data-figure=credits_used]').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('an address that the key does not allow is reported once, whatever the page', async () => {
  const customer = await service.newCustomer('Starter', everywhere);
  const { page, complaints, close } = await visit(browser);
  await enterKeys(page, customer.key);
  await service.admin('PATCH', `/tokens/${(await labelled(customer.key, 'First'))?.id}`, { allowed_addresses: ['192.0.2.1'] });
  for (const path of ['/dashboard', '/dashboard/keys']) {
    await page.goto(dashboard.url + path);
    await page.locator('[data-trouble=ip_not_allowed]').waitFor();
    expect(await page.locator('[data-trouble]').count()).toBe(1);
    expect(await accessibilityFaults(page)).toEqual([]);
  }
  await page.context().clearCookies();
  await open(page, `${dashboard.url}/dashboard/login`);
  await page.getByLabel('API key').fill(customer.key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('cannot be used from your IP address').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('disabling the key one is signed in with says so first and then signs out', async () => {
  const customer = await service.newCustomer('Starter', everywhere);
  const { page, complaints, close, expectStatuses } = await visit(browser);
  await enterKeys(page, customer.key);
  await page.getByRole('button', { name: 'Disable: First' }).click();
  await page.getByText('Disabling it signs you out').waitFor();
  expectStatuses(401);
  await page.getByRole('button', { name: 'Disable key' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/login?reason=disabled`);
  await page.getByText('You disabled the key you were signed in with.').waitFor();
  expect(await page.context().cookies()).toEqual([]);
  expect(await statusOf(customer.key)).toBe(401);
  expect(complaints).toEqual([]);
  await close();
});

test('revoking takes along what a key made, when asked, and says when that ends the session', async () => {
  const customer = await service.newCustomer('Starter', everywhere);
  const branch = await newKey(customer.key, { label: 'Branch' });
  const leaf = await newKey(branch.key, { label: 'Leaf' });
  const { page, complaints, close, expectStatuses } = await visit(browser);
  await enterKeys(page, customer.key);
  await page.getByRole('button', { name: 'Revoke: Branch' }).click();
  await page.getByRole('checkbox', { name: 'Also revoke the keys that this key created' }).check();
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await page.getByText('“Branch” and 1 key that it created are revoked.').waitFor();
  await expect.poll(() => page.locator('[data-label]').allTextContents()).toEqual(['First']);
  expect(await statusOf(leaf.key)).toBe(401);

  const { key } = await newKey(customer.key, { label: 'Child' });
  await page.context().clearCookies();
  await enterKeys(page, key);
  await page.getByRole('button', { name: 'Revoke: First' }).click();
  expect(await page.getByText('The key you are signed in with is among them.').count()).toBe(0);
  await page.getByRole('checkbox', { name: 'Also revoke the keys that this key created' }).check();
  await page.getByText('The key you are signed in with is among them.').waitFor();
  expectStatuses(401);
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/login?reason=revoked`);
  expect(await page.context().cookies()).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('more keys than a page shows come when asked for, and the focus goes to the first of them', async () => {
  await service.admin('POST', '/plans', { name: 'Many keys', daily_credit_limit: 10, price_cents: 0, max_keys: 300, rate_limit_per_minute: 1000 });
  const customer = await service.newCustomer('Many keys', everywhere);
  for (let n = 1; n <= 204; n++) await newKey(customer.key, { label: `Key ${n}` });
  const { page, complaints, close } = await visit(browser);
  await enterKeys(page, customer.key);
  const rows = page.locator('[data-key]');
  expect(await rows.count()).toBe(100);
  await page.getByText('The 100 newest').waitFor();
  const more = page.getByRole('button', { name: 'Show more' });
  await more.click();
  await expect.poll(() => rows.count()).toBe(200);
  expect(await rows.nth(100).evaluate((each) => each === document.activeElement)).toBe(true);
  await more.click();
  await expect.poll(() => rows.count()).toBe(205);
  await page.getByText('205 keys').waitFor();
  expect(await more.count()).toBe(0);
  // The key that one is signed in with came last.
  expect(await rows.nth(204).locator('[data-label]').textContent()).toBe('First');
  await page.getByRole('button', { name: 'Disable: Key 204' }).click();
  await page.getByRole('button', { name: 'Disable key' }).click();
  await page.getByText('“Key 204” is disabled.').waitFor();
  await expect.poll(() => rows.first().locator('[data-status]').textContent()).toBe('Disabled');
  expect(await rows.count()).toBe(205);
  expect(complaints).toEqual([]);
  await close();
});
