import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn, visit, type Mode } from './dashboard';
import { freePort, startProgram } from './program';
import { demo } from './service';
import { startStack, type Stack } from './stack';

describe.each<Mode>(['standalone', 'development'])('in %s', (mode) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ mode });
  });
  afterAll(() => stack.stop());

  test('the journey through every page is the same, without a complaint', async () => {
    const { service, dashboard, browser } = stack;
    const { page, complaints, close } = await visit(browser);
    await page.goto(`${dashboard.url}/`);
    await page.waitForURL(`${dashboard.url}/dashboard/login`);
    await signIn(page, dashboard.url, demo.pro.key);
    expect(await page.locator('[data-figure=credits_used]').textContent()).toBe('89');
    await page.getByText('90 days', { exact: true }).click();
    await page.getByRole('slider', { name: 'Credits used by day' }).waitFor();
    await page.getByRole('link', { name: 'Models', exact: true }).click();
    await page.locator('[data-model]').first().waitFor();
    await page.getByText('All prices').first().click();
    await page.getByRole('columnheader', { name: 'Standard' }).waitFor();
    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    await page.locator('[data-key]').first().waitFor();
    await page.getByLabel('Label').fill(`From ${mode}`);
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.locator('[data-secret]').waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('link', { name: 'Docs', exact: true }).click();
    await page.getByRole('tab', { name: 'OpenAI SDK, Python' }).click();
    await page.getByText(`${service.url}/v1`).first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${dashboard.url}/dashboard/login`);
    expect(complaints).toEqual([]);
    await close();
  }, 180_000);
});

test('a production server without the API’s address does not start, and says why', async () => {
  const port = await freePort();
  const server = new URL('../.next/standalone/server.js', import.meta.url).pathname;
  const start = startProgram(process.execPath, [server], { PORT: String(port), HOSTNAME: '127.0.0.1', NODE_ENV: 'production' }, `http://127.0.0.1:${port}/health`);
  await expect(start).rejects.toThrow(/ended with 1|NEXT_PUBLIC_API_URL is not set/);
  await expect(start).rejects.toThrow(/NEXT_PUBLIC_API_URL is not set; give the address/);
});
