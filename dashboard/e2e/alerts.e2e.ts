import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Alerts } from '@/app/lib/api';
import { startMailbox } from '@/testing/mailbox';
import { accessibilityFaults, interactive, open, signIn, visit, type Dashboard } from './dashboard';
import { demo, type Service } from './service';
import { startStack, type Stack } from './stack';

/* Which e-mails an account gets. A demo sends none, so the service has data of its own. */

let mailbox: Awaited<ReturnType<typeof startMailbox>>;
let stack: Stack;
let service: Service;
let dashboard: Dashboard;
let browser: Browser;

beforeAll(async () => {
  mailbox = await startMailbox();
  stack = await startStack({ demo: false, service: { SMTP_URL: mailbox.url, MAIL_FROM: 'Codexible <codexible@example.com>' } });
  ({ service, dashboard, browser } = stack);
});
afterAll(async () => {
  await stack.stop();
  await mailbox.stop();
});

const alertsOf = (key: string) => service.get<Alerts>('/api/alerts', key);
const openAlerts = async (page: Page) => {
  await open(page, `${dashboard.url}/dashboard/alerts`);
  await page.getByRole('button', { name: 'Save' }).waitFor();
  await interactive(page);
};

test('alerts are chosen, saved and shown as they are', async () => {
  const customer = await service.newCustomer();
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  await page.getByRole('link', { name: 'Alerts by e-mail' }).click();
  await page.getByText(`They go to ${customer.email}.`).waitFor();
  await interactive(page);
  expect(await page.getByRole('radio', { name: '50%, 80% and 100%' }).isChecked()).toBe(true);
  await page.getByRole('checkbox', { name: 'Credits used up' }).uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').getByText('Saved.').waitFor();
  expect(await alertsOf(customer.key)).toMatchObject({ usage_from_percent: 1, used_up: false, key_expiring: true });
  await page.getByRole('radio', { name: '80% and 100%', exact: true }).check();
  expect(await page.getByText('Saved.').count()).toBe(0);
  await page.getByRole('checkbox', { name: 'Key about to expire' }).uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  expect(await alertsOf(customer.key)).toMatchObject({ usage_from_percent: 80, used_up: false, key_expiring: false });
  await page.reload();
  expect(await page.getByRole('radio', { name: '80% and 100%', exact: true }).isChecked()).toBe(true);
  expect(await page.getByRole('checkbox').evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).checked))).toEqual([false, false]);
  expect(complaints).toEqual([]);
  await close();
});

test('alerts are saved without script, too', async () => {
  const customer = await service.newCustomer();
  const { page, close } = await visit(browser, { javaScriptEnabled: false });
  await page.context().addCookies([{ name: 'codexible_key', value: customer.key, url: dashboard.url }]);
  await page.goto(`${dashboard.url}/dashboard/alerts`);
  await page.getByRole('radio', { name: 'No e-mail' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(`${dashboard.url}/dashboard/alerts?outcome=saved`);
  await page.getByText('Saved.').waitFor();
  expect(await page.getByRole('radio', { name: 'No e-mail' }).isChecked()).toBe(true);
  expect(await alertsOf(customer.key)).toMatchObject({ usage_from_percent: null, used_up: true, key_expiring: true });
  await close();
});

test('alerts cannot be changed by a key that cannot manage keys, which is said', async () => {
  const customer = await service.newCustomer();
  const { key } = await service.admin<{ key: string }>('POST', '/tokens', { user_id: customer.id, label: 'Viewer', scopes: ['usage'] });
  const { page, complaints, close, expectStatuses } = await visit(browser);
  expectStatuses(403);
  await signIn(page, dashboard.url, key);
  await openAlerts(page);
  await page.getByRole('radio', { name: 'No e-mail' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('[data-trouble=insufficient_scope]').getByText('sign in with a key that has the scope “Manage keys”').waitFor();
  expect((await alertsOf(customer.key)).usage_from_percent).toBe(1);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('what is chosen decides which e-mails arrive', async () => {
  const customer = await service.newCustomer();
  const { page, complaints, close } = await visit(browser);
  await signIn(page, dashboard.url, customer.key);
  await openAlerts(page);
  await page.getByRole('radio', { name: '80% and 100%', exact: true }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  const charge = (credits: number) => service.call('POST', '/api/usage', { key: customer.key, body: { credits } });
  const subjects = () => mailbox.letters.filter(({ to }) => to === customer.email).length;
  await charge(45);
  await charge(16);
  await expect.poll(subjects, { timeout: 20_000 }).toBe(1);
  expect(mailbox.letters.find(({ to }) => to === customer.email)?.text).toContain('80');
  expect(complaints).toEqual([]);
  await close();
});

test('where no mail is set up, the page of alerts says so and offers nothing', async () => {
  const quiet = await startStack();
  const { page, complaints, close } = await visit(quiet.browser);
  await signIn(page, quiet.dashboard.url, demo.pro.key);
  await open(page, `${quiet.dashboard.url}/dashboard/alerts`);
  await page.getByText('This service does not send e-mail').waitFor();
  expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  expect(await page.getByRole('radio').evaluateAll((each) => each.every((one) => one.matches(':disabled')))).toBe(true);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
  await quiet.stop();
});
