import { createServer, type Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, visit } from './dashboard';
import { freePort } from './program';
import { demo, Service } from './service';

/* A dashboard that is deployed elsewhere calls the API straight from the browser. */

let service: Service;
let browser: Browser;
let sites: Server[];
let allowed: string;
let foreign: string;

function serveBlankPage(port: number): Promise<Server> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html', Connection: 'close' });
    response.end('<!doctype html><link rel="icon" href="data:,"><title>Elsewhere</title>');
  });
  return new Promise((listening) => server.listen(port, '127.0.0.1', () => listening(server)));
}

beforeAll(async () => {
  const ports = [await freePort(), await freePort()] as const;
  sites = await Promise.all(ports.map(serveBlankPage));
  allowed = `http://127.0.0.1:${ports[0]}`;
  foreign = `http://127.0.0.1:${ports[1]}`;
  service = await Service.start({ ALLOWED_ORIGINS: allowed });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await service.stop();
  await Promise.all(sites.map((site) => new Promise((closed) => site.close(closed))));
});

interface Seen {
  status: number;
  body: unknown;
  headers: Record<string, string | null>;
}

/** Calls the API from the page, and says what the page's script gets to see of the answer. */
function callFrom(page: Page, method: string, path: string, key: string | null, body?: unknown): Promise<Seen | string> {
  return page.evaluate(
    async ({ url, method, key, body }) => {
      try {
        const headers: Record<string, string> = { 'X-Request-Id': 'from-the-page' };
        if (key) headers.Authorization = `Bearer ${key}`;
        if (body) {
          headers['Content-Type'] = 'application/json';
          headers['Idempotency-Key'] = crypto.getRandomValues(new Uint32Array(4)).join('-');
        }
        const response = await fetch(url, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
        const seen = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'Retry-After', 'X-Request-Id'];
        return { status: response.status, body: (await response.json()) as unknown, headers: Object.fromEntries(seen.map((name) => [name, response.headers.get(name)])) };
      } catch (error) {
        return error instanceof Error ? error.name : 'unknown';
      }
    },
    { url: service.url + path, method, key, body },
  );
}

test('a page on an allowed origin may do all that a customer may, and reads the limits', async () => {
  const { key } = await service.newCustomer();
  const { page, complaints, close, expectStatuses } = await visit(browser);
  await page.goto(allowed);
  expect(await callFrom(page, 'POST', '/api/auth/validate', null, { token: key })).toMatchObject({ status: 200, body: { valid: true } });
  expect(await callFrom(page, 'GET', '/api/dashboard/overview', demo.pro.key)).toMatchObject({
    status: 200,
    body: { user: { email: demo.pro.email }, usage: { credits_used: 89 } },
    headers: { 'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': expect.stringMatching(/^\d+$/) as string, 'X-RateLimit-Reset': '0', 'X-Request-Id': 'from-the-page' },
  });
  const created = (await callFrom(page, 'POST', '/api/keys', key, { label: 'Page' })) as Seen & { body: { id: string } };
  expect(created).toMatchObject({ status: 200, body: { label: 'Page' } });
  expect(await callFrom(page, 'PATCH', `/api/keys/${created.body.id}`, key, { label: 'Renamed' })).toMatchObject({ status: 200, body: { updated: true } });
  expect(await callFrom(page, 'DELETE', `/api/keys/${created.body.id}`, key)).toMatchObject({ status: 200, body: { deleted: true } });
  expect(await callFrom(page, 'POST', '/api/usage', key, { credits: 75 })).toMatchObject({ status: 200, body: { remaining: 0 } });

  // Refusals reach the page as well, with what it has to wait by.
  expectStatuses(401, 429);
  expect(await callFrom(page, 'POST', '/api/usage', key, { credits: 1 })).toMatchObject({
    status: 429,
    body: { error: { code: 'quota_exceeded' } },
    headers: { 'Retry-After': expect.stringMatching(/^\d+$/) as string },
  });
  expect(await callFrom(page, 'GET', '/api/usage/today', 'codexible_ffffffffffffffffffffffffffffffff')).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
  expect(complaints).toEqual([]);
  await close();
});

test('a page on a foreign origin sees nothing', async () => {
  const { page, complaints, close } = await visit(browser);
  await page.goto(foreign);
  expect(await callFrom(page, 'GET', '/api/dashboard/overview', demo.pro.key)).toBe('TypeError');
  expect(await callFrom(page, 'POST', '/api/auth/validate', null, { token: demo.pro.key })).toBe('TypeError');
  expect(complaints.length).toBeGreaterThan(0);
  expect(complaints.filter((complaint) => !/CORS policy|net::ERR_FAILED/.test(complaint))).toEqual([]);
  await close();
});
