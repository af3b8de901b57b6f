import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Charge, Credits, ExplainedCharge, FailedCall, Model, ModelSpeed } from '@/app/lib/api';
import { formatNumber, formatTime } from '@/app/lib/i18n';
import { accessibilityFaults, interactive, open, signIn, tableRows, visit, type Dashboard } from './dashboard';
import { demo, type Service } from './service';
import { startStack, type Stack } from './stack';

/* What a customer sees of credits, refusals, speed and single charges. */

let stack: Stack;
let service: Service;
let dashboard: Dashboard;
let browser: Browser;

beforeAll(async () => {
  stack = await startStack();
  ({ service, dashboard, browser } = stack);
});
afterAll(() => stack.stop());

const number = (n: number) => formatNumber('en', n);
const credits = (n: number) => `${number(n)} ${n === 1 ? 'credit' : 'credits'}`;
const figure = (page: Page, name: string) => page.locator(`[data-figure=${name}]`);
const call = (key: string, model: string, path = '/v1/chat/completions') =>
  service.call<unknown>('POST', path, { key, body: { model, messages: [{ role: 'user', content: 'Hello' }] } });
/** A key of a service, which verifies and holds. */
async function gatewayKey(): Promise<string> {
  const { id } = await service.admin<{ id: string }>('POST', '/users', { email: 'gateway@example.com', plan: 'Pro', role: 'service' });
  return (await service.admin<{ key: string }>('POST', '/tokens', { user_id: id, label: 'Gateway', scopes: ['service'] })).key;
}

test('what can still be used is said with the month, grants and holds that it is made of', async () => {
  await service.admin('POST', '/plans', { name: 'Monthly', daily_credit_limit: 100, monthly_credit_limit: 120, price_cents: 0 });
  const customer = await service.newCustomer('Monthly');
  const gateway = await gatewayKey();
  await service.admin('POST', `/users/${customer.id}/grants`, { credits: 30, expires_at: '2099-01-31T12:00:00Z', note: 'Only operators see this' });
  await service.admin('POST', `/users/${customer.id}/grants`, { credits: 5 });
  await service.call('POST', '/api/usage', { key: customer.key, body: { credits: 40 } });
  const held = await service.call<{ code: string; hold_id: string }>('POST', '/api/keys/verify', { key: gateway, body: { key: customer.key, hold: { credits: 7 } } });
  expect(held.body.code).toBe('VALID');

  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  const answer = await service.get<Credits>('/api/usage/credits', customer.key);
  expect(answer).toMatchObject({ used: 40, held: 7, granted: 35, remaining: 88, month: { used: 40, limit: 120 } });
  expect(await figure(page, 'left').textContent()).toBe('88 credits left');
  expect(await figure(page, 'reset').textContent()).toMatch(/^Resets at 00:00 UTC/);
  expect(await figure(page, 'month').textContent()).toBe('40 of 120 used');
  expect(await figure(page, 'held').textContent()).toContain('7 credits are set aside for calls that are running.');
  expect(await page.locator('[data-grant]').allTextContents()).toEqual(['30 of 30 leftuntil 31 Jan 2099, 12:00 UTC', '5 of 5 leftno end date']);
  expect(await page.getByRole('meter', { name: 'This month' }).getAttribute('aria-valuenow')).toBe('40');
  expect(await page.content()).not.toContain('Only operators see this');

  // The month leaves less than the day once it is lower than what the day has.
  await service.admin('PATCH', `/plans/${(await service.admin<{ id: string; name: string }[]>('GET', '/plans')).find(({ name }) => name === 'Monthly')?.id}`, { monthly_credit_limit: 60 });
  await page.getByRole('button', { name: 'Refresh' }).click();
  await expect.poll(() => figure(page, 'left').textContent()).toBe('48 credits left');
  expect(await figure(page, 'reset').textContent()).toMatch(/^This month’s limit leaves less than today’s\. Resets on 1 \w{3} \d{4}, 00:00 UTC$/);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('a call that was refused is shown with what to do', async () => {
  const customer = await service.newCustomer();
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  await page.getByText('None of your recent calls was refused or failed').waitFor();
  expect((await call(customer.key, 'no-such-model')).status).toBe(404);
  const refusals = () => service.get<FailedCall[]>('/api/usage/refusals', customer.key);
  await expect.poll(async () => (await refusals()).length).toBe(1);
  await page.reload();
  const [refused] = await refusals();
  const row = page.locator(`[data-refusal="${refused?.request_id}"]`);
  await row.waitFor();
  expect(refused).toMatchObject({ model: 'no-such-model', status: 404, code: 'model_not_found' });
  expect(await row.textContent()).toBe(`${formatTime('en', refused?.at ?? '')} UTCno-such-model${refused?.message}status 404 · model_not_found · ${refused?.endpoint}`);
  expect(complaints).toEqual([]);
  await close();
});

describe('why a charge cost what it did', () => {
  /** The lines as they are shown: what, how much of it at which price, and the credits. */
  const names: Record<string, string> = {
    input: 'Input', cache_read: 'Cached input', cache_write: 'Cache write (5 min)', output: 'Output', request: 'Requests',
    call_rounding: 'Rounding of the call’s sum', day_rounding: 'Rounding of the day’s total to whole credits',
  };
  const lineRows = ({ lines }: ExplainedCharge) =>
    lines.map(({ item, tokens, credits_per_million, count, credits_each, credits: amount }) => [
      `${names[item]}${tokens === null ? (count === null ? '' : ` ${number(count)} × ${number(credits_each ?? NaN)} credits`) : ` ${number(tokens)} tokens × ${number(credits_per_million ?? NaN)} credits per million`}`,
      number(amount),
    ]);

  test('opens in place by keyboard, moves nothing, adds up, and gives the focus back', async () => {
    const { page, complaints, close } = await visit(browser);
    await signIn(page, dashboard.url, demo.pro.key);
    const charges = await service.get<Charge[]>('/api/usage/detailed?days=30&limit=20', demo.pro.key);
    for (const index of [charges.findIndex(({ model }) => model.startsWith('claude')), charges.findIndex(({ model }) => model === 'gpt-5-mini')]) {
      const link = page.getByRole('link', { name: 'Why?' }).nth(index);
      await link.focus();
      const before = await page.evaluate(() => [window.scrollY, document.documentElement.scrollHeight]);
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'Why this many credits' });
      const explained = await service.get<ExplainedCharge>(`/api/usage/charges/${charges[index]?.id}`, demo.pro.key);
      await expect.poll(() => tableRows(page, 'What the charge is made of')).toEqual(lineRows(explained));
      expect(Math.round(explained.lines.reduce((sum, line) => sum + line.credits * 1e6, 0))).toBe(explained.credits * 1e6);
      expect(await dialog.locator('[data-charged]').textContent()).toBe(`Charged ${credits(explained.credits)}`);
      expect(await dialog.locator('[data-price=since]').textContent()).toContain(`Price in effect since ${formatTime('en', explained.price?.valid_from ?? '')} UTC.`);
      expect(await dialog.textContent()).not.toMatch(/\$|upstream/i);
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(await link.evaluate((each) => each === document.activeElement)).toBe(true);
      expect(await page.evaluate(() => [window.scrollY, document.documentElement.scrollHeight])).toEqual(before);
    }
    expect(new URL(page.url()).pathname).toBe('/dashboard');
    expect(complaints).toEqual([]);
    await close();
  });

  test('has an address of its own, which needs no script, and says so of a charge that is not the account’s', async () => {
    const [charge] = await service.get<Charge[]>('/api/usage/detailed?days=30&limit=1', demo.pro.key);
    const cookie = { name: 'codexible_key', value: demo.pro.key, url: dashboard.url };
    const plain = await visit(browser, { javaScriptEnabled: false });
    await plain.page.context().addCookies([cookie]);
    await plain.page.goto(`${dashboard.url}/dashboard/charges/${charge?.id}`);
    expect(await plain.page.locator('[data-charged]').textContent()).toBe(`Charged ${credits(charge?.credits ?? NaN)}`);
    await plain.close();

    const { page, complaints, close, expectStatuses } = await visit(browser);
    expectStatuses(404, 422);
    await page.context().addCookies([{ ...cookie, value: demo.starter.key }]);
    for (const id of [charge?.id, 'nonsense']) {
      await page.goto(`${dashboard.url}/dashboard/charges/${id}`);
      await page.locator('[data-trouble]').getByText('This charge does not exist').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
    }
    expect(complaints).toEqual([]);
    await close();
  });
});

test('a model shows how fast it answered, and where it can be called', async () => {
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, demo.pro.key);
  await open(page, `${dashboard.url}/dashboard/models`);
  const models = await service.get<Model[]>('/api/models', demo.pro.key);
  const speeds = await service.get<ModelSpeed[]>('/api/usage/speed?days=30', demo.pro.key);
  expect(speeds.map(({ model }) => model).sort()).toEqual(models.map(({ name }) => name).sort());
  for (const { name, wires } of models) {
    const row = page.locator(`[data-model="${name}"]`);
    await row.waitFor();
    const speed = speeds.find(({ model }) => model === name);
    expect(await row.locator('[data-fact=speed]').textContent()).toBe(
      `first token after ${number(speed?.first_token_ms ?? NaN)} ms · ${number(speed?.tokens_per_second ?? NaN)} tokens per second · ${number(speed?.requests ?? NaN)} streamed calls in 30 days`,
    );
    expect([...wires].sort()).toEqual(['chat', 'messages', 'responses']);
    expect(await row.locator('[data-fact=wires]').textContent()).toBe('/v1/chat/completions, /v1/messages, /v1/responses');
    expect(await row.locator('[data-fact=tools]').textContent()).toBe('all');
  }
  expect(complaints).toEqual([]);
  await close();
});

test('a tool is offered only models that are served where it calls, or says that there is none', async () => {
  await service.admin('POST', '/upstreams', { name: 'Old wire', kind: 'compatible', base_url: 'http://127.0.0.1:9/v1', wires: ['chat'] });
  await service.admin('POST', '/models', { name: 'chat-coder', candidates: [{ upstream: 'Old wire' }] });
  await service.admin('POST', '/prices', { model: 'chat-coder', usd_per_million: { input: 1, output: 2 }, charge: { mode: 'cost', credit_value_usd: 0.01 } });
  const customer = await service.newCustomer('Pro');
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  const connect = async () => {
    await open(page, `${dashboard.url}/dashboard/connect`);
    await page.locator('[data-tool]').waitFor();
    await interactive(page);
  };
  const choose = async (name: string) => page.getByText(name, { exact: true }).click();
  const offered = () => page.getByLabel('Model').locator('option').allTextContents();
  await connect();
  await choose('Codex CLI');
  expect(await offered()).not.toContain('chat-coder');
  await page.getByText('The models that are served on /v1/responses').waitFor();
  await choose('curl');
  expect(await offered()).toContain('chat-coder');
  await page.getByLabel('Model').selectOption('chat-coder');
  await choose('Claude Code');
  expect(await page.getByLabel('Model').inputValue()).toMatch(/^claude-/);

  await service.admin('PATCH', `/tokens/${(await service.get<{ id: string }[]>('/api/keys', customer.key))[0]?.id}`, { models: ['chat-coder'] });
  await connect();
  await choose('Codex CLI');
  await page.getByText('Codex CLI calls /v1/responses, and none of your models is served there.').waitFor();
  expect(await page.getByRole('button', { name: 'Test it' }).isDisabled()).toBe(true);
  expect(await accessibilityFaults(page)).toEqual([]);
  await choose('curl');
  expect(await offered()).toEqual(['chat-coder']);
  await open(page, `${dashboard.url}/dashboard/models`);
  const row = page.locator('[data-model=chat-coder]');
  await row.waitFor();
  expect(await row.locator('[data-fact=wires]').textContent()).toBe('/v1/chat/completions');
  expect(await row.locator('[data-fact=tools]').textContent()).toContain('Cline · Continue · Cursor · curl');
  expect(await row.locator('[data-fact=tools]').textContent()).not.toMatch(/Codex|Claude/);
  expect(complaints).toEqual([]);
  await close();
});
