import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Key } from '@/app/lib/api';
import { interactive, signIn, visit, type Dashboard } from './dashboard';
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

const statusOf = async (key: string) => (await service.call('GET', '/api/usage/today', { key })).status;
const keysOf = (key: string) => service.get<Key[]>('/api/keys', key);
const labels = (page: Page) => page.locator('[data-label]').allTextContents();
const openKeys = async (page: Page) => {
  await page.getByRole('link', { name: 'Keys', exact: true }).click();
  await page.getByRole('heading', { name: 'Your keys' }).waitFor();
  await page.locator('[data-key]').first().waitFor();
};

async function shownSecret(page: Page): Promise<string> {
  const secret = await page.locator('[data-secret]').textContent();
  expect(secret).toMatch(/^codexible_[0-9a-f]{32}$/);
  return secret ?? '';
}

test('a key lives: created, copied, shown once, relabelled, rotated, revoked', async () => {
  const customer = await service.newCustomer();
  const { page, complaints, close } = await visit(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  await signIn(page, dashboard.url, customer.key);
  await openKeys(page);

  await page.getByLabel('Label').fill('Build server');
  await page.getByLabel('Expires on').fill('2099-12-31');
  await page.getByRole('button', { name: 'Create key' }).click();
  const secret = await shownSecret(page);
  expect(await page.getByRole('heading', { name: 'Your key “Build server”' }).evaluate((heading) => heading === document.activeElement)).toBe(true);
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByRole('button', { name: 'Copied', exact: true }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  expect(await statusOf(secret)).toBe(200);
  await expect.poll(() => labels(page)).toEqual(['Build server', 'First']);
  const [created] = await keysOf(customer.key);
  expect(created).toMatchObject({ label: 'Build server', prefix: secret.slice(0, 18), expires_at: expect.stringMatching(/^2099-12-31T23:59:59/) as string });

  await page.reload();
  await page.locator('[data-key]').first().waitFor();
  await interactive(page);
  expect(await page.content()).not.toContain(secret);
  expect(await page.locator('[data-secret]').count()).toBe(0);

  await page.getByRole('button', { name: 'Change: Build server' }).click();
  const edit = page.getByRole('dialog', { name: 'Change “Build server”' });
  await edit.getByLabel('Label').fill('Nightly build');
  await edit.getByLabel('Expires on').fill('');
  await edit.getByRole('button', { name: 'Save' }).click();
  await page.getByText('“Nightly build” is saved.').waitFor();
  await expect.poll(() => labels(page)).toEqual(['Nightly build', 'First']);
  expect((await keysOf(customer.key))[0]).toMatchObject({ label: 'Nightly build', expires_at: null });

  await page.getByRole('button', { name: 'Rotate: Nightly build' }).click();
  const rotate = page.getByRole('dialog', { name: 'Rotate “Nightly build”' });
  await rotate.getByLabel('The old secret stops').selectOption({ label: 'In 1 hour' });
  await rotate.getByRole('button', { name: 'Rotate key' }).click();
  await page.getByRole('heading', { name: 'Your key “Nightly build”' }).waitFor();
  const rotated = await shownSecret(page);
  expect(rotated).not.toBe(secret);
  expect([await statusOf(secret), await statusOf(rotated)]).toEqual([200, 200]);
  expect((await keysOf(customer.key))[0]?.id).toBe(created?.id);

  await page.getByRole('button', { name: 'Rotate: Nightly build' }).click();
  await page.getByRole('button', { name: 'Rotate key' }).click();
  await expect.poll(() => page.locator('[data-secret]').textContent()).not.toBe(rotated);
  const last = await shownSecret(page);
  expect([await statusOf(secret), await statusOf(rotated), await statusOf(last)]).toEqual([401, 401, 200]);

  await page.getByRole('button', { name: 'Done' }).click();
  expect(await page.content()).not.toContain(last);
  await page.getByRole('button', { name: 'Revoke: Nightly build' }).click();
  await page.getByRole('dialog', { name: 'Revoke “Nightly build”?' }).getByRole('button', { name: 'Revoke key' }).click();
  await page.getByText('“Nightly build” is revoked.').waitFor();
  await expect.poll(() => labels(page)).toEqual(['First']);
  expect([await statusOf(last), await statusOf(customer.key)]).toEqual([401, 200]);

  expect(complaints).toEqual([]);
  for (const each of [secret, rotated, last, customer.key]) expect(dashboard.output() + service.output()).not.toContain(each);
  await close();
});

test('rotating the key one is signed in with keeps one signed in, with the other secret', async () => {
  const customer = await service.newCustomer();
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  await openKeys(page);
  await page.getByRole('button', { name: 'Rotate: First' }).click();
  await page.getByText('You stay signed in with the new secret.').waitFor();
  await page.getByRole('button', { name: 'Rotate key' }).click();
  const rotated = await shownSecret(page);
  expect([await statusOf(customer.key), await statusOf(rotated)]).toEqual([401, 200]);
  await page.goto(`${dashboard.url}/dashboard`);
  await page.locator('[data-figure=credits_used]').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('revoking the key one is signed in with says so first and then signs out', async () => {
  const customer = await service.newCustomer();
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  await openKeys(page);
  const revoke = page.getByRole('button', { name: 'Revoke: First' });
  await revoke.click();
  await page.getByText('Revoking it signs you out').waitFor();
  await page.keyboard.press('Escape');
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await revoke.evaluate((button) => button === document.activeElement)).toBe(true);
  expect(await statusOf(customer.key)).toBe(200);

  await revoke.click();
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/login?reason=revoked`);
  await page.getByText('You revoked the key you were signed in with.').waitFor();
  expect(await page.context().cookies()).toEqual([]);
  expect(await statusOf(customer.key)).toBe(401);
  expect(complaints).toEqual([]);
  await close();
});

test('what the service says about a field stands at the field', async () => {
  const customer = await service.newCustomer();
  const { page, complaints, close, expectStatuses } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  await openKeys(page);
  expectStatuses(422);
  const label = page.getByLabel('Label');
  await label.fill('x'.repeat(101));
  await page.getByRole('button', { name: 'Create key' }).click();
  await expect.poll(() => label.getAttribute('aria-invalid')).toBe('true');
  const problem = (await label.getAttribute('aria-describedby'))?.split(' ')[0] ?? '';
  expect(await page.locator(`[id="${problem}"]`).textContent()).not.toBe('');

  await label.fill('Fine');
  const expires = page.getByLabel('Expires on');
  await expires.fill('2020-01-01');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByText('Choose today or a later day.').waitFor();
  expect(await expires.getAttribute('aria-invalid')).toBe('true');
  expect(await keysOf(customer.key)).toHaveLength(1);
  expect(complaints).toEqual([]);
  await close();
});

test('a key revoked elsewhere is not there any more, and the page says so', async () => {
  const customer = await service.newCustomer();
  const { id } = await service.admin<{ id: string }>('POST', '/tokens', { user_id: customer.id, label: 'Short-lived' });
  const { page, complaints, close, expectStatuses } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  await openKeys(page);
  await service.admin('DELETE', `/tokens/${id}`);
  expectStatuses(404);
  await page.getByRole('button', { name: 'Revoke: Short-lived' }).click();
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await page.getByText('This item no longer exists').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('labels are shown as text', async () => {
  const customer = await service.newCustomer();
  const hostile = ['<script>alert(1)</script>', '" onmouseover="alert(1)', 'שלום <b>😀</b>'];
  for (const label of hostile) expect((await service.call('POST', '/api/keys', { key: customer.key, body: { label } })).status).toBe(200);
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  await openKeys(page);
  expect(await labels(page)).toEqual([...hostile.toReversed(), 'First']);
  expect(complaints).toEqual([]);
  await close();
});

test('the demo’s own key is the one marked', async () => {
  const { page, close } = await visit(browser);
  await signIn(page, dashboard.url, demo.pro.key);
  await openKeys(page);
  expect(await page.getByText('current key').count()).toBe(1);
  await close();
});
