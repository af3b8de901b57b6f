// The newcomer's part in the browser: "set-up" signs in, makes a key for a program and copies the set-up of Claude Code that the
// page shows to the file set-up; "charge" waits until the dashboard shows a charge that was not there then, and prints its row.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';

const home = homedir();
const { chromium } = createRequire(`${home}/codexible/dashboard/`)('playwright-core');
const address = 'http://localhost:3000';
const patience = 180_000;

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--no-first-run'],
});
const context = await browser.newContext({ locale: 'en-US', permissions: ['clipboard-read', 'clipboard-write'] });
const page = await context.newPage();
page.setDefaultTimeout(patience);

/** Waits until the page's scripts have taken over its controls: a click that comes before does nothing. */
const interactive = () =>
  page.waitForFunction(() =>
    Array.from(document.querySelectorAll('button, select, input:not([type=hidden])')).every((control) => Object.keys(control).some((name) => name.startsWith('__reactProps$'))),
  );

async function signIn() {
  await page.goto(`${address}/dashboard/login`);
  await interactive();
  await page.getByLabel('API key').fill('codexible_demo_pro_2026');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${address}/dashboard`);
}

const newestCharge = async () => {
  const row = page.getByRole('table', { name: 'Charges' }).locator('tbody tr').first();
  return (await row.locator('td, th').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim()).join(' | ');
};

async function setUp() {
  await signIn();
  await writeFile(`${home}/newest`, await newestCharge());
  await page.getByRole('link', { name: 'Connect', exact: true }).first().click();
  await page.locator('[data-tool]').waitFor();
  await interactive();
  await page.getByLabel('Label').fill('Claude Code');
  await page.getByRole('button', { name: 'Create key for a program' }).click();
  await page.locator('[data-secret]').waitFor();
  await page.getByText('Claude Code', { exact: true }).click();
  await page.locator('[data-tool=claude-code]').waitFor();
  await page.getByRole('button', { name: /^Copy ?: Claude Code/ }).first().click();
  await page.getByRole('button', { name: /^Copied ?: Claude Code/ }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  if (!copied.includes('ANTHROPIC_AUTH_TOKEN')) throw new Error('what was copied is not the set-up of Claude Code');
  await writeFile(`${home}/set-up`, `${copied}\n`, { mode: 0o600 });
}

async function charge() {
  const before = await readFile(`${home}/newest`, 'utf8');
  const [, model] = /ANTHROPIC_MODEL='([^']*)'/.exec(await readFile(`${home}/set-up`, 'utf8')) ?? [];
  await signIn();
  const until = Date.now() + patience;
  for (let row = await newestCharge(); ; row = await newestCharge()) {
    if (row !== before && row.includes(model)) return console.log(row);
    if (Date.now() > until) throw new Error(`the newest charge is ${row}`);
    await page.reload();
  }
}

try {
  await (process.argv[2] === 'charge' ? charge() : setUp());
} finally {
  await browser.close();
}
