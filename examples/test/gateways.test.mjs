import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { call, demo, eventually, keys, root, start, state } from './service.mjs';

const gateways = {
  go: (t, env) => start(t, join(root, '.build/example-gateway'), [], { env }),
  typescript: (t, env) => start(t, process.execPath, [join(root, 'examples/gateway-typescript/dist/gateway.js')], { env }),
  python: (t, env) => start(t, 'python3', [join(root, 'examples/gateway-python/gateway.py')], { env }),
};

for (const [language, begin] of Object.entries(gateways)) {
  test(`the gateway in ${language} charges what the provider reports`, async (t) => {
    const service = await demo(t);
    const env = { CODEXIBLE_URL: service.url, CODEXIBLE_KEY: keys.service, PROVIDER_URL: `${service.url}/v1`, PROVIDER_KEY: keys.provider };
    const gateway = await begin(t, env);
    const chat = (body, key = keys.customer, signal) =>
      fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', signal, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    const messages = [{ role: 'user', content: 'one two three' }];
    const last = async () => (await call(service.url, keys.customer, '/api/usage/detailed?limit=1'))[0];
    const settled = () => eventually('the hold to end', async () => (await state(service.url, keys.customer)).held === 0);

    const whole = await (await chat({ model: 'claude-sonnet-4-5', messages })).json();
    assert.ok(whole.choices[0].message.content);
    await settled();
    let charge = await last();
    assert.equal(charge.prompt_tokens, whole.usage.prompt_tokens);
    assert.equal(charge.completion_tokens, whole.usage.completion_tokens);

    const text = await (await chat({ model: 'claude-sonnet-4-5', messages, stream: true })).text();
    const events = text.split('\n').filter((line) => line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6)));
    const { usage } = events.find((event) => event.usage);
    assert.ok(events.length > 3 && text.includes('data: [DONE]'));
    await settled();
    const streamed = await last();
    assert.notEqual(streamed.id, charge.id);
    assert.equal(streamed.completion_tokens, usage.completion_tokens);

    const leaving = new AbortController();
    const left = await chat({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'a long story '.repeat(50) }], stream: true }, keys.customer, leaving.signal);
    const reader = left.body.getReader();
    await reader.read();
    leaving.abort();
    await reader.read().catch(() => {});
    await settled();

    const before = await state(service.url, keys.customer);
    for (const [body, key, status] of [
      [{ model: 'claude-sonnet-4-5', messages }, 'codexible_wrong', 401],
      [{ model: 'claude-sonnet-4-5', messages, max_tokens: 1_000_000 }, keys.customer, 429],
      [{ messages }, keys.customer, 400],
    ]) {
      const refused = await chat(body, key);
      assert.equal(refused.status, status);
      assert.ok((await refused.json()).error.message);
    }
    assert.deepEqual(await state(service.url, keys.customer), before);
    assert.ok(!gateway.printed().includes(keys.service) && !gateway.printed().includes(keys.customer));
  });

  test(`the gateway in ${language} charges nothing where the provider fails`, async (t) => {
    const service = await demo(t);
    const gateway = await begin(t, { CODEXIBLE_URL: service.url, CODEXIBLE_KEY: keys.service, PROVIDER_URL: `${service.url}/nothing-here`, PROVIDER_KEY: 'none' });
    const before = await state(service.url, keys.customer);
    const failed = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${keys.customer}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'hello' }] }),
    });
    assert.equal(failed.status, 502);
    assert.deepEqual(await state(service.url, keys.customer), before);
  });
}
