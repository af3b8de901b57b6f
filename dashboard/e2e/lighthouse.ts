import lighthouse from 'lighthouse';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Charge } from '@/app/lib/api';
import { startDashboard, type Dashboard } from './dashboard';
import { freePort } from './program';
import { demo, Service } from './service';

/* Lighthouse's own idea of a phone on a slow network, against the production build. */

const atLeast = 95;
const categoryIds = ['performance', 'accessibility', 'best-practices'];

let service: Service;
let dashboard: Dashboard;
let browser: Browser;
let port: number;

beforeAll(async () => {
  service = await Service.start();
  dashboard = await startDashboard(service, 'standalone');
  port = await freePort();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', `--remote-debugging-port=${port}`],
  });
});
afterAll(async () => {
  await browser.close();
  await dashboard.stop();
  await service.stop();
});

interface Audit {
  scores: Record<string, number>;
  /** What the scores were made of, in a line. */
  text: string;
}

async function audit(path: string, key: string | null): Promise<Audit> {
  const result = await lighthouse(dashboard.url + path, {
    port,
    logLevel: 'error',
    onlyCategories: categoryIds,
    extraHeaders: key ? { Cookie: `codexible_key=${key}` } : {},
  });
  if (!result) throw new Error('Lighthouse gave no result');
  const { categories, audits, environment, finalDisplayedUrl, runtimeError } = result.lhr;
  // On a machine that is busy elsewhere a recording may fail; that is a run without scores.
  if (runtimeError) return { scores: {}, text: `${runtimeError.code}: ${runtimeError.message}` };
  expect(new URL(finalDisplayedUrl).pathname).toBe(path);
  const timings = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'cumulative-layout-shift', 'total-byte-weight'];
  const lost = Object.values(audits).filter(({ score, scoreDisplayMode }) => score !== null && score < 1 && scoreDisplayMode !== 'informative');
  return {
    scores: Object.fromEntries(Object.values(categories).map(({ id, score }) => [id, Math.round((score ?? 0) * 100)])),
    // The benchmark index is the machine's speed meanwhile; Lighthouse's phone is four times slower.
    text: `machine ${environment.benchmarkIndex}, ${timings.map((name) => `${name} ${audits[name]?.displayValue}`).join(', ')}; not perfect: ${lost.map(({ id }) => id).join(', ')}`,
  };
}

/** The id of a charge, for the page that explains it. */
async function lastCharge(): Promise<string> {
  const [charge] = await service.get<Charge[]>('/api/usage/detailed?limit=1', demo.pro.key);
  if (!charge) throw new Error('the demo has no charge');
  return charge.id;
}

const isGood = ({ scores }: Audit) => categoryIds.every((id) => (scores[id] ?? 0) >= atLeast);

test.each([
  ['/dashboard/login', null],
  ['/docs', null],
  ['/dashboard', demo.pro.key],
  ['/dashboard/models', demo.pro.key],
  ['/dashboard/connect', demo.pro.key],
  ['/dashboard/keys', demo.pro.key],
  ['/dashboard/alerts', demo.pro.key],
  ['/dashboard/charges/CHARGE', demo.pro.key],
])('%s scores 95 or more', async (page, key) => {
  const path = page.replace('CHARGE', await lastCharge());
  // What else the machine does can only cost a page points, so the best of three counts.
  let best = await audit(path, key);
  for (let run = 1; run < 3 && !isGood(best); run++) {
    const again = await audit(path, key);
    if ((again.scores.performance ?? 0) > (best.scores.performance ?? 0)) best = again;
  }
  console.log(`${path}: ${JSON.stringify(best.scores)} ${best.text}`);
  expect(isGood(best), `${JSON.stringify(best.scores)} ${best.text}`).toBe(true);
});
