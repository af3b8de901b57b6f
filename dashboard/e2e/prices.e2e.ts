import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Model, ModelUsage, UsageDay } from '@/app/lib/api';
import { formatNumber, formatTime } from '@/app/lib/i18n';
import { accessibilityFaults, open, signIn, tableRows, visit, type Dashboard } from './dashboard';
import type { Service } from './service';
import { startStack, type Stack } from './stack';

/* What customers see of prices, where the operator does not show them costs. */

let stack: Stack;
let service: Service;
let dashboard: Dashboard;
let browser: Browser;
const offered = ['dated-coder', 'flat-coder', 'free-coder', 'tiny-coder'];

beforeAll(async () => {
  stack = await startStack({ service: { SHOW_COST: 'false' } });
  ({ service, dashboard, browser } = stack);
  await service.admin('POST', '/plans', { name: 'Priced', daily_credit_limit: 1000, price_cents: 0, rate_limit_per_minute: 1000, models: [...offered, 'secret-coder'] });
  const rates = { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6, audio_input: 7.000001 };
  await offer({ name: 'dated-coder', aliases: ['coder', 'coder-latest'], display_name: 'Dated “Coder” <b>', description: 'For everyday coding.', context_window: 1_000_000 }, {
    usd_per_million: rates,
    usd_per_request: 0.000125,
    usd_per_web_search: 0.01,
    bands: [{ above_input_tokens: 200_000, usd_per_million: { input: 6, output: 22.5 } }],
    tiers: { flex: { input: 1.5, output: 7.5, bands: [{ above_input_tokens: 272_000, usd_per_million: { input: 2, output: 8 } }] } },
    charge: { mode: 'cost', percent: 130, credit_value_usd: 0.01 },
  });
  await offer({ name: 'flat-coder' }, { usd_per_million: rates, charge: { mode: 'request', credits: 0.25 } });
  await offer({ name: 'free-coder' });
  await offer({ name: 'tiny-coder' }, { usd_per_million: { input: 0.003625, output: 1234.5 }, charge: { mode: 'cost', credit_value_usd: 0.01 } });
  await offer({ name: 'secret-coder', plans: ['Business'] }, { usd_per_million: rates, charge: { mode: 'cost' } });
});
afterAll(() => stack.stop());

async function offer(model: { name: string; [field: string]: unknown }, price?: object): Promise<void> {
  await service.admin('POST', '/models', model);
  if (price) await service.admin('POST', '/prices', { model: model.name, ...price });
}

const number = (n: number) => formatNumber('en', n);
const credits = (n: number) => `${number(n)} ${n === 1 ? 'credit' : 'credits'}`;

/** Signs in on a page that need not show any usage, and opens the models. */
async function openModels(page: Page, key: string): Promise<void> {
  await open(page, `${dashboard.url}/dashboard/login`);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard`);
  await page.getByRole('link', { name: 'Models', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
}

/** The texts at the places of a model's row that have a name. */
function shown(page: Page, name: string): Promise<Record<string, string>> {
  return page.locator(`[data-model="${name}"]`).evaluate((row) => {
    const places = row.querySelectorAll<HTMLElement>('h3, [data-fact], [data-price]');
    return Object.fromEntries(Array.from(places, (place) => [place.dataset.fact ?? place.dataset.price ?? 'title', place.textContent]));
  });
}

function expected({ name, display_name, description, aliases, context_window, price, typical_call_credits: typical }: Model): Record<string, string> {
  return {
    title: display_name ?? name,
    name,
    ...(description === null ? {} : { description }),
    ...(aliases.length === 0 ? {} : { aliases: aliases.join(', ') }),
    ...(context_window === null ? {} : { context: `${number(context_window)} tokens` }),
    // No provider serves them here.
    wires: 'None. The model cannot be called at the moment.',
    speed: 'none with a stream in the last 30 days',
    ...(typical === null ? {} : { typical: `A typical call reads 20,000 tokens, 16,000 of them from the cache, and writes 1,000: ${credits(typical)}` }),
    ...(price ? { since: `In effect since ${formatTime('en', price.valid_from)} UTC` } : {}),
    ...(price?.mode === 'request' ? { request: credits(price.credits_per_request) } : {}),
    ...(price?.credits_per_million
      ? { input: number(price.credits_per_million.input), cache_read: number(price.credits_per_million.cache_read), output: number(price.credits_per_million.output) }
      : {}),
  };
}

test('every model that the customer may use is shown, with the API’s prices to the last digit', async () => {
  const customer = await service.newCustomer('Priced');
  const models = await service.get<Model[]>('/api/models', customer.key);
  expect(models.map(({ name }) => name)).toEqual(offered);
  const { page, complaints, close } = await visit(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  await openModels(page, customer.key);
  await page.getByText('4 models').waitFor();
  expect(await page.locator('[data-model]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-model')))).toEqual(offered);
  for (const model of models) expect(await shown(page, model.name)).toEqual(expected(model));
  // Not only what the API says, but what was set: 3 dollars, times 1.3, at a cent a credit.
  expect(await shown(page, 'dated-coder')).toMatchObject({ input: '390', cache_read: '39', output: '1,950', aliases: 'coder, coder-latest' });
  expect(await shown(page, 'tiny-coder')).toMatchObject({ input: '0.3625', cache_read: '0.3625', output: '123,450', typical: expect.stringMatching(/: 123\.45725 credits$/) as string });
  expect(await shown(page, 'flat-coder')).toMatchObject({ request: '0.25 credits' });
  await page.locator('[data-model=free-coder]').getByText('No price is set for this model.').waitFor();

  await page.locator('[data-model=dated-coder]').getByText('All prices').click();
  const price = models[0]?.price;
  const sets = [price, price?.bands[0], price?.tiers.flex, price?.tiers.flex?.bands[0]].map((set) => set?.credits_per_million);
  const rows = [
    ['Input', 'input'], ['Cached input', 'cache_read'], ['Cache write (5 min)', 'cache_write'], ['Cache write (1 h)', 'cache_write_1h'],
    ['Audio input', 'audio_input'], ['Output', 'output'], ['Audio output', 'audio_output'],
  ] as const;
  const table = 'Prices of dated-coder in credits per million tokens';
  await page.getByRole('table', { name: table }).waitFor();
  expect(await tableRows(page, table)).toEqual(rows.map(([head, kind]) => [head, ...sets.map((set) => number(set?.[kind] ?? NaN))]));
  expect(await page.getByRole('table', { name: table }).locator('thead th').allTextContents()).toEqual([
    'Tokens', 'Standard', 'Over 200,000 input tokens', 'Service tier “flex”', 'Service tier “flex”, over 272,000 input tokens',
  ]);
  expect((await tableRows(page, table))[4]).toEqual(['Audio input', '910.00013', '780', '195', '260']);
  expect(await shown(page, 'dated-coder')).toMatchObject({ fee: '0.01625 credits', search: '1.3 credits' });

  await page.getByRole('button', { name: /^Copy ?: dated-coder$/ }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('dated-coder');
  expect(await page.content()).not.toContain('secret-coder');
  expect(complaints).toEqual([]);
  await close();
});

test('no page names a cost that the operator does not show', async () => {
  const { key } = await service.newCustomer('Priced');
  const usage = { model: 'dated-coder', input_tokens: 1200, cache_read_tokens: 8000, output_tokens: 340, reasoning_tokens: 120 };
  for (const model of ['dated-coder', 'tiny-coder', 'tiny-coder']) {
    const charged = await service.call('POST', '/api/usage', { key, body: { model, credits: 3, cost_usd: 0.5 } });
    expect(charged.status).toBe(200);
  }
  const { id } = await service.admin<{ id: string }>('POST', '/users', { email: 'gateway@example.com', plan: 'Priced', role: 'service' });
  const gateway = await service.admin<{ key: string }>('POST', '/tokens', { user_id: id, label: 'Gateway', scopes: ['service'] });
  expect((await service.call('POST', '/api/keys/verify', { key: gateway.key, body: { key, usage } })).body).toMatchObject({ code: 'VALID' });
  const days = await service.get<UsageDay[]>('/api/usage/history?days=7', key);
  expect(days.at(-1)).toMatchObject({ credits_used: 11, request_count: 4, cost_usd: 0 });
  expect(await service.get<ModelUsage[]>('/api/usage/models', key)).toHaveLength(2);

  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, key);
  await page.getByText('No charges').waitFor({ state: 'detached' });
  for (const twin of await page.getByText('Show as a table').all()) await twin.click();
  await page.getByRole('slider', { name: 'Credits used by day' }).focus();
  expect(await page.locator('[data-readout]').first().textContent()).toMatch(/: 11 credits, 4 requests$/);
  expect(await tableRows(page, 'By model')).toEqual(expect.arrayContaining([['dated-coder', '2', '9,200', '340', '50%'], ['tiny-coder', '2', '0', '0', '50%']]));
  expect((await tableRows(page, 'Recent charges')).map((cells) => cells.slice(1, 5))).toContainEqual(['dated-coder', '2', '9,200 including 8,000 cached ', '340 including 120 reasoning ']);
  expect((await tableRows(page, 'Credits used by day'))[0]).toHaveLength(3);
  expect(await page.locator('main').innerText()).not.toMatch(/\$|cost|undefined/i);
  expect(complaints).toEqual([]);
  await close();
});

test('a key that cannot see usage, one without models and a suspended account each get a sentence', async () => {
  const customer = await service.newCustomer('Priced');
  const keyWith = async (policy: object) => (await service.admin<{ key: string }>('POST', '/tokens', { user_id: customer.id, label: 'Other', ...policy })).key;
  const { page, complaints, close, expectStatuses } = await visit(browser);
  await openModels(page, await keyWith({ scopes: ['models'] }));
  await page.getByText('cannot see models and prices').waitFor();
  await expect.poll(async () => [await page.locator('[data-missing]').count(), await page.locator('[data-trouble]').count()]).toEqual([1, 0]);
  expect(await accessibilityFaults(page)).toEqual([]);

  await page.context().clearCookies();
  await openModels(page, await keyWith({ scopes: ['usage'], models: ['secret-coder'] }));
  await page.getByText('No models').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);

  expectStatuses(403);
  await service.admin('PATCH', `/users/${customer.id}`, { status: 'suspended' });
  await page.reload();
  await page.locator('[data-trouble=suspended]').waitFor();
  expect(await page.locator('[data-trouble]').count()).toBe(1);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});
