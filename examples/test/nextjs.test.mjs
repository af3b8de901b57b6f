import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { call, demo, keys, root, start } from './service.mjs';

test('the page shows the figures of the API, and no key', async (t) => {
  const service = await demo(t);
  const folder = join(root, 'examples/nextjs-usage');
  const env = { CODEXIBLE_URL: service.url, CUSTOMER_KEY: keys.customer, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };
  const app = await start(t, process.execPath, [join(folder, 'node_modules/next/dist/bin/next'), 'start', '--hostname', '127.0.0.1'], { cwd: folder, env });
  const page = await (await fetch(app.url)).text();
  const text = page.replaceAll('<!-- -->', '');
  const today = await call(service.url, keys.customer, '/api/usage/today');
  assert.ok(text.includes(`<dd>${today.credits_used} of ${today.daily_limit}</dd>`), text.slice(0, 2000));
  const history = await call(service.url, keys.customer, '/api/usage/history?days=30');
  for (const day of history) assert.ok(text.includes(`${day.date}: ${day.credits_used} credits`));
  assert.ok(!page.includes(keys.customer));
});

test('the page says what is wrong', async (t) => {
  const service = await demo(t);
  const folder = join(root, 'examples/nextjs-usage');
  const env = { CODEXIBLE_URL: service.url, CUSTOMER_KEY: 'codexible_wrong', NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };
  const app = await start(t, process.execPath, [join(folder, 'node_modules/next/dist/bin/next'), 'start', '--hostname', '127.0.0.1'], { cwd: folder, env });
  assert.match(await (await fetch(app.url)).text(), /role="alert"/);
});
