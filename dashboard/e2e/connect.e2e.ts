import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Charge, Key } from '@/app/lib/api';
import { tools } from '@/app/lib/tools';
import { startUpstream } from '@/testing/upstream';
import { interactive, open, signIn, startDashboard, visit, type Dashboard } from './dashboard';
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

const everywhere = ['models', 'usage', 'keys'];
const shownCode = (page: Page) => page.locator('[data-tool] pre').allTextContents();
const chargesOf = (key: string) => service.get<Charge[]>('/api/usage/detailed?days=1', key);
const testIt = (page: Page) => page.getByRole('button', { name: 'Test it' });
/** The tools are drawn when the models are there. */
const openConnect = async (page: Page) => {
  await open(page, `${dashboard.url}/dashboard/connect`);
  await page.locator('[data-tool]').waitFor();
  await interactive(page);
};

test('a new customer gets from the overview to the first answer of a model, with a key for a program', async () => {
  const customer = await service.newCustomer('Pro', everywhere);
  const { page, complaints, close } = await visit(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  await signIn(page, dashboard.url, customer.key);
  await page.getByRole('heading', { name: 'Start here' }).waitFor();
  await page.getByRole('link', { name: 'Connect a tool' }).click();
  await page.getByLabel('Label').fill('Laptop');
  await page.getByRole('button', { name: 'Create key for a program' }).click();
  const secret = (await page.locator('[data-secret]').textContent()) ?? '';
  expect((await service.get<Key[]>('/api/keys', customer.key)).find(({ label }) => label === 'Laptop')?.scopes).toEqual(['models', 'usage']);

  await page.getByLabel('Model').selectOption('gpt-5-mini');
  const [config = '', environment = ''] = await shownCode(page);
  expect(config).toContain(`base_url = "${service.url}/v1"`);
  expect(config).toContain('model = "gpt-5-mini"');
  expect(environment).toBe(`export CODEXIBLE_API_KEY='${secret}'`);
  await page.getByRole('button', { name: /^Copy ?: Codex CLI: File/ }).click();
  await page.getByRole('button', { name: /^Copied ?: Codex CLI/ }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(config);

  await testIt(page).click();
  const answered = page.locator('[data-outcome=answered]');
  await answered.waitFor();
  expect((await answered.locator('[data-answer]').textContent())?.length).toBeGreaterThan(10);
  const [charge] = await chargesOf(secret);
  expect(charge).toMatchObject({ model: 'gpt-5-mini', outcome: 'complete' });
  expect(await answered.locator('[data-charge]').textContent()).toContain(`${charge?.credits === 1 ? '1 credit' : `${charge?.credits} credits`}, for ${charge?.prompt_tokens} input and ${charge?.completion_tokens} output tokens.`);

  await page.reload();
  await page.locator('[data-tool]').waitFor();
  expect(await page.content()).not.toContain(secret);
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.locator('[data-figure=credits_used]').waitFor();
  expect(await page.getByRole('heading', { name: 'Start here' }).count()).toBe(0);
  expect(addresses.join('\n') + dashboard.output() + service.output()).not.toContain(secret);
  expect(complaints).toEqual([]);
  await close();
});

test('each tool is shown as the table says, and its test calls the API that the tool speaks', async () => {
  const customer = await service.newCustomer('Pro', everywhere);
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  await openConnect(page);
  for (const tool of tools) {
    await page.getByText(tool.name, { exact: true }).click();
    await page.locator(`[data-tool=${tool.id}]`).waitFor();
    const shown = (await page.locator('[data-tool]').textContent()) ?? '';
    expect(shown, tool.name).toContain(service.url);
    expect(shown, tool.name).toContain('YOUR_KEY');
    expect(await page.locator('[data-tool] button').count(), tool.name).toBe(tool.parts.reduce((n, part) => n + (part.settings?.length ?? 1), 0));
    await testIt(page).click();
    await page.locator('[data-outcome=answered] [data-charge]').waitFor();
  }
  const charges = await chargesOf(customer.key);
  expect(charges).toHaveLength(tools.length);
  expect(complaints).toEqual([]);
  await close();
});

test('a key that is made on the page of keys has its set-up at once, and one that cannot call models has none', async () => {
  const customer = await service.newCustomer('Pro', everywhere);
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  await open(page, `${dashboard.url}/dashboard/keys`);
  await page.locator('[data-key]').first().waitFor();
  await interactive(page);
  await page.getByLabel('Label').fill('CI');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.locator('[data-tool]').waitFor();
  const secret = (await page.locator('[data-secret]').textContent()) ?? '';
  await page.getByText('Claude Code', { exact: true }).click();
  const [environment = '', file = ''] = await shownCode(page);
  expect(environment).toContain(`export ANTHROPIC_BASE_URL='${service.url}'\nexport ANTHROPIC_AUTH_TOKEN='${secret}'\nexport ANTHROPIC_MODEL='claude-`);
  expect(JSON.parse(file)).toMatchObject({ env: { ANTHROPIC_BASE_URL: service.url, ANTHROPIC_AUTH_TOKEN: secret } });
  await testIt(page).click();
  await page.locator('[data-outcome=answered] [data-charge]').waitFor();

  await page.getByLabel('Label').fill('Report');
  await page.getByRole('radio', { name: 'Custom' }).check();
  await page.getByRole('checkbox', { name: 'Call models' }).uncheck();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('heading', { name: 'Your key “Report”' }).waitFor();
  expect(await page.locator('[data-tool]').count()).toBe(0);
  expect(complaints).toEqual([]);
  await close();
});

test('what a tool would be refused is shown with what to do', async () => {
  const customer = await service.newCustomer('Pro', everywhere);
  const { key } = await service.admin<{ key: string }>('POST', '/tokens', { user_id: customer.id, label: 'Viewer', scopes: ['usage'] });
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, key);
  await openConnect(page);
  await page.getByText('cannot manage keys').waitFor();
  await testIt(page).click();
  const refused = page.locator('[data-outcome=refused]');
  await refused.getByText('status 403').waitFor();
  expect(await refused.textContent()).toMatch(/scope.*models/);
  expect(await chargesOf(key)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('demo keys are shown in a demo alone', async () => {
  const { page, complaints, close } = await visit(browser);
  await page.goto(`${dashboard.url}/dashboard/login`);
  expect(await page.locator('[data-demo]').textContent()).toContain(demo.pro.key);
  await page.goto(`${dashboard.url}/docs`);
  await page.getByRole('heading', { name: 'Demo keys' }).waitFor();
  expect(await page.content()).toContain(demo.starter.key);

  const production = await startUpstream();
  production.reply = () => ({ body: { status: 'ok', version: 'v1.0.0' } });
  const elsewhere = await startDashboard(production, 'production');
  for (const path of ['/dashboard/login', '/docs']) {
    await page.goto(elsewhere.url + path);
    expect(await page.content(), path).not.toMatch(/codexible_demo_|[Dd]emo keys|This is a demo/);
  }
  await elsewhere.stop();
  await production.stop();
  expect(complaints).toEqual([]);
  await close();
});

test('no page tells a customer to charge credits', async () => {
  const { page, close } = await visit(browser);
  await page.goto(`${dashboard.url}/docs`);
  const text = (await page.locator('main').textContent()) ?? '';
  expect(text).toContain('/v1/chat/completions');
  expect(text).not.toMatch(/POST \/api\/usage|\/api\/usage\b|scope charge|Charge one credit/);
  await close();
});
