import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Charge, Credits, FailedCall, ModelUsage, Overview, UsageDay, UsageHour } from '@/app/lib/api';
import { addDays, costDecimals, formatCost, formatDate, formatNumber, formatTime } from '@/app/lib/i18n';
import { signIn, tableRows, visit, type Dashboard } from './dashboard';
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

const number = (n: number) => formatNumber('en', n);
const figure = (page: Page, name: string) => page.locator(`[data-figure=${name}]`).textContent();

/** Waits until a table shows what it should, and says how it differs if it never does. */
function expectTable(page: Page, name: string, rows: string[][]) {
  return expect.poll(() => tableRows(page, name), { timeout: 10_000 }).toEqual(rows);
}

function historyRows(days: UsageDay[]): string[][] {
  const decimals = costDecimals(days.map(({ cost_usd }) => cost_usd));
  return days
    .map((day) => [formatDate('en', day.date), number(day.credits_used), number(day.request_count), formatCost('en', day.cost_usd, decimals)])
    .reverse();
}

function modelRows(models: ModelUsage[]): string[][] {
  const decimals = costDecimals(models.map(({ total_cost }) => total_cost));
  const total = models.reduce((sum, { total_cost }) => sum + total_cost, 0);
  return models.map((model) => [
    model.model,
    number(model.requests),
    number(model.prompt_tokens),
    number(model.completion_tokens),
    formatCost('en', model.total_cost, decimals),
    `${Math.round((total === 0 ? 0 : model.total_cost / total) * 100)}%`,
  ]);
}

function hourRows(hours: UsageHour[]): string[][] {
  return hours.map(({ hour, requests }) => [`${String(hour).padStart(2, '0')}:00`, number(requests)]);
}

/** A number of tokens with those of them that the demo's prices or models tell apart. */
function withParts(total: number, tokens: Charge['tokens'], names: Partial<Record<keyof NonNullable<Charge['tokens']>, string>>): string {
  const parts = Object.entries(names).flatMap(([name, word]) => (tokens?.[name as 'output_tokens'] ? [`${number(tokens[name as 'output_tokens'])} ${word}`] : []));
  return parts.length === 0 ? number(total) : `${number(total)} including ${parts.join(', ')} `;
}

/** How fast a charge's answer came, where the service knows. */
function speedOf({ first_token_ms: first, tokens_per_second: rate }: Charge): string {
  const wait = first === null ? '' : first < 1000 ? `${number(first)} ms` : `${number(Math.round(first / 100) / 10)} s`;
  return `${rate === null ? '' : `${number(rate)} tokens/s`}${wait && `${wait} to the first token`}`;
}

function chargeRows(charges: Charge[]): string[][] {
  const decimals = costDecimals(charges.map(({ cost_usd }) => cost_usd));
  return charges.map((charge) => [
    formatTime('en', charge.created_at),
    charge.model,
    number(charge.credits),
    withParts(charge.prompt_tokens, charge.tokens, { cache_read_tokens: 'cached', cache_write_tokens: 'cache write' }),
    withParts(charge.completion_tokens, charge.tokens, { reasoning_tokens: 'reasoning' }),
    speedOf(charge),
    formatCost('en', charge.cost_usd, decimals),
    `Why?: ${charge.model}, ${formatTime('en', charge.created_at)} UTC`,
  ]);
}

/** Today, the month and the grants, as the panel shows them. */
async function expectCredits(page: Page, { used, limit, remaining, month, grants }: Credits) {
  expect(await figure(page, 'credits_used')).toBe(number(used));
  expect(await figure(page, 'daily_limit')).toBe(`of ${number(limit)}`);
  expect(await figure(page, 'left')).toBe(`${number(remaining)} credits left`);
  expect(await page.locator('[data-figure=month]').allTextContents()).toEqual(month ? [`${number(month.used)} of ${number(month.limit)} used`] : []);
  expect(await page.locator('[data-grant]').allTextContents()).toEqual(
    grants.map((grant) => `${number(grant.remaining)} of ${number(grant.credits)} left${grant.expires_at ? `until ${formatTime('en', grant.expires_at)} UTC` : 'no end date'}`),
  );
}

/** The last refusals, in the service's words. */
async function expectRefusals(page: Page, calls: FailedCall[]) {
  const panel = page.getByRole('region', { name: 'Last refusals' });
  if (calls.length > 5) await panel.getByRole('button', { name: `Show ${calls.length - 5} more` }).click();
  expect(await panel.locator('[data-refusal]').allTextContents()).toEqual(
    calls.map(({ at, model, message, status, code, endpoint }) => `${formatTime('en', at)} UTC${model}${message}status ${status} · ${code} · ${endpoint}`),
  );
}

describe.each(Object.values(demo))('signed in with $key', ({ key, email, plan, limit, used }) => {
  test('every panel shows the figures of the API', async () => {
    const { page, complaints, close } = await visit(browser);
    await signIn(page, dashboard.url, ` "${key}"\n`);

    const overview = await service.get<Overview>('/api/dashboard/overview', key);
    expect(overview.usage).toMatchObject({ credits_used: used, daily_limit: limit });
    const credits = await service.get<Credits>('/api/usage/credits', key);
    expect(credits).toMatchObject({ used, limit, remaining: limit - used + credits.granted });
    await expectCredits(page, credits);
    expect(await figure(page, 'request_count')).toBe(number(overview.usage.request_count));
    expect(await figure(page, 'user')).toContain(email);
    expect(await figure(page, 'plan')).toBe(plan);
    expect(await figure(page, 'status')).toBe('Active');
    expect(await figure(page, 'key')).toBe(`${overview.key?.label}${overview.key?.prefix}…`);
    expect(await figure(page, 'reset')).toMatch(/^Resets at 00:00 UTC \(07:00 your time\), in (\d+ h )?\d+ min$/);

    await expect.poll(() => page.locator('summary').count()).toBe(2);
    for (const twin of await page.getByText('Show as a table').all()) await twin.click();
    for (const days of [30, 7, 90]) {
      await page.getByText(`${days} days`, { exact: true }).click();
      await expectTable(page, 'Credits used by day', historyRows(await service.get(`/api/usage/history?days=${days}`, key)));
      await expectTable(page, 'By model', modelRows(await service.get(`/api/usage/models?days=${days}`, key)));
      await expectTable(page, 'Recent charges', chargeRows(await service.get(`/api/usage/detailed?days=${days}&limit=20`, key)));
      expect(new URL(page.url()).search).toBe(days === 30 ? '' : `?days=${days}`);
    }

    const { date } = overview.usage;
    await expectTable(page, `Requests by hour on ${formatDate('en', date)}, UTC`, hourRows(await service.get('/api/usage/hourly', key)));
    const yesterday = addDays(date, -1);
    await page.getByRole('button', { name: 'Previous day' }).click();
    await expectTable(page, `Requests by hour on ${formatDate('en', yesterday)}, UTC`, hourRows(await service.get(`/api/usage/hourly?date=${yesterday}`, key)));

    const calls = await service.get<FailedCall[]>('/api/usage/refusals?limit=20', key);
    expect(calls.length).toBeGreaterThan(0);
    await expectRefusals(page, calls);

    expect(complaints).toEqual([]);
    await close();
  });
});

test('charges can be paged to the last one and back', async () => {
  const { page, complaints, close } = await visit(browser);
  const { key } = await service.newCustomer();
  for (let credits = 1; credits <= 43; credits++) {
    const { status } = await service.call('POST', '/api/usage', { key, body: { credits: 1, model: `model-${credits}`, cost_usd: credits / 1e6 } });
    expect(status).toBe(200);
  }
  await signIn(page, dashboard.url, key);
  const models = async () => (await tableRows(page, 'Recent charges')).map((row) => row[1]);
  const numbered = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => `model-${from - index}`);
  const older = page.getByRole('button', { name: 'Older' });
  await expect.poll(models).toEqual(numbered(43, 24));
  await older.click();
  await expect.poll(models).toEqual(numbered(23, 4));
  await older.click();
  await expect.poll(models).toEqual(numbered(3, 1));
  expect(await older.isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Newer' }).click();
  await expect.poll(models).toEqual(numbered(23, 4));
  expect(complaints).toEqual([]);
  await close();
});

test('an account without usage has an empty state in each panel', async () => {
  const { page, complaints, close } = await visit(browser);
  const { key } = await service.newCustomer();
  await signIn(page, dashboard.url, key);
  for (const text of ['No usage in this period', 'No model used in this period', 'No requests on this day', 'No charges in this period', 'None of your recent calls was refused or failed']) {
    await page.getByText(text).waitFor();
  }
  expect(await figure(page, 'left')).toBe('75 credits left');
  expect(complaints).toEqual([]);
  await close();
});

test('whatever a customer’s program calls its model is shown as text', async () => {
  const { page, complaints, close } = await visit(browser);
  const { key } = await service.newCustomer();
  const hostile = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', 'שלום, right to left', '😀 and 漢字', 'x'.repeat(200)];
  for (const model of hostile) expect((await service.call('POST', '/api/usage', { key, body: { model } })).status).toBe(200);
  await signIn(page, dashboard.url, key);
  await expect.poll(async () => (await tableRows(page, 'Recent charges')).map((row) => row[1])).toEqual(hostile.toReversed());
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  expect(complaints).toEqual([]);
  await close();
});

test('a chart describes its bars to pointer and keyboard', async () => {
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, demo.pro.key);
  const days = await service.get<UsageDay[]>('/api/usage/history?days=30', demo.pro.key);
  const counted = (n: number, noun: string) => `${number(n)} ${noun}${n === 1 ? '' : 's'}`;
  const said = (day: UsageDay | undefined) =>
    day && `${formatDate('en', day.date)}: ${counted(day.credits_used, 'credit')}, ${counted(day.request_count, 'request')}, ${formatCost('en', day.cost_usd)}`;
  const chart = page.getByRole('slider', { name: 'Credits used by day' });
  const readout = page.locator('[data-readout]').first();

  await chart.focus();
  expect(await readout.textContent()).toBe(said(days.at(-1)));
  await page.keyboard.press('ArrowLeft');
  expect(await readout.textContent()).toBe(said(days.at(-2)));
  expect(await chart.getAttribute('aria-valuetext')).toBe(said(days.at(-2)));
  await page.keyboard.press('Home');
  expect(await readout.textContent()).toBe(said(days[0]));

  const box = await chart.boundingBox();
  if (!box) throw new Error('the chart is not on the page');
  await page.mouse.move(box.x + (box.width * 10.5) / 30, box.y + 50);
  expect(await readout.textContent()).toBe(said(days[10]));
  expect(complaints).toEqual([]);
  await close();
});
