import { existsSync } from 'node:fs';
import path from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { freePort, startProgram, type Program } from './program';
import type { Service } from './service';

const root = path.resolve(import.meta.dirname, '..');
const next = path.join(root, 'node_modules/next/dist/bin/next');

export type Mode = 'development' | 'production' | 'standalone';

export interface Dashboard extends Program {
  url: string;
}

/** Starts the dashboard in front of a service, on a port of its own unless the environment names one. */
export async function startDashboard(service: Pick<Service, 'url'>, mode: Mode, environment: Record<string, string> = {}): Promise<Dashboard> {
  if (mode !== 'development' && !existsSync(path.join(root, '.next/BUILD_ID'))) throw new Error('There is no production build. Run `npm run build` first.');
  const port = environment.PORT ?? String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const commands = {
    development: [next, 'dev', root, '--port', port, '--hostname', '127.0.0.1'],
    production: [next, 'start', root, '--port', port, '--hostname', '127.0.0.1'],
    standalone: [path.join(root, '.next/standalone/server.js')],
  };
  const settings = { NEXT_PUBLIC_API_URL: service.url, PORT: port, HOSTNAME: '127.0.0.1', ...environment };
  const program = await startProgram(process.execPath, commands[mode], settings, `${url}/health`);
  return { ...program, url };
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-default-apps', '--disable-sync', '--no-first-run'],
  });
}

export interface Visit {
  page: Page;
  /** What the browser's console complained about, policy violations included. */
  complaints: string[];
  /**
   * The browser itself logs every answer that is not a success. A journey that
   * provokes a refusal names the statuses that it expects there.
   */
  expectStatuses: (...statuses: number[]) => void;
  close: () => Promise<void>;
}

/** Opens a page as a visitor without cookies. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-US', timezoneId: 'Asia/Ho_Chi_Minh', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  let expected: number[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const status = /^Failed to load resource: the server responded with a status of (\d+)/.exec(message.text())?.[1];
    if (!status || !expected.includes(Number(status))) complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  return {
    page,
    complaints,
    expectStatuses: (...statuses) => {
      expected = statuses;
    },
    close: () => context.close(),
  };
}

/**
 * Waits until the page's scripts have taken over its controls. A page shows them
 * before that, and a click that comes so early does nothing.
 */
export async function interactive(page: Page): Promise<void> {
  const isTakenOver = () =>
    Array.from(document.querySelectorAll('button, select, input:not([type=hidden])')).every((control) =>
      Object.keys(control).some((name) => name.startsWith('__reactProps$')),
    );
  await expect.poll(() => page.evaluate(isTakenOver), { timeout: 30_000 }).toBe(true);
}

/** Opens an address, for what a visitor does there next. */
export async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await interactive(page);
}

export async function signIn(page: Page, url: string, key: string): Promise<void> {
  await open(page, `${url}/dashboard/login`);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${url}/dashboard`);
  await page.locator('[data-figure=credits_used]').waitFor();
  await interactive(page);
}

/** What axe-core finds serious or critical on the page as it is. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Evaluated through the debugger, which the page's policy does not concern.
  await page.evaluate(axe.source);
  const results = await page.evaluate(() => (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run());
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** A table of the page by its name, as rows of cell texts. */
export async function tableRows(page: Page, name: string): Promise<string[][]> {
  const rows = page.getByRole('table', { name }).locator('tbody tr');
  return rows.evaluateAll((elements) => elements.map((row) => Array.from(row.children, (cell) => cell.textContent)));
}
