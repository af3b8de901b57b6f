import Anthropic from '@anthropic-ai/sdk';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText } from 'ai';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { joined, key, prompt, rejection, requests, text, tokens, url } from '../target.js';

const keys = JSON.parse(process.env.CLIENTS_KEYS);
const openai = (apiKey) => new OpenAI({ apiKey, baseURL: `${url}/v1` });
const anthropic = (apiKey, base = url) => new Anthropic({ apiKey, baseURL: base });
const messages = [{ role: 'user', content: prompt }];

/** One call on each wire. */
const calls = [
  ['chat', (apiKey, model) => openai(apiKey).chat.completions.create({ model, messages })],
  ['responses', (apiKey, model) => openai(apiKey).responses.create({ model, input: prompt, store: false })],
  ['messages', (apiKey, model) => anthropic(apiKey).messages.create({ model, max_tokens: 4096, messages })],
];

/** The charge of a request. */
async function charge(requestId) {
  const response = await fetch(`${url}/api/usage/detailed?request_id=${requestId}`, { headers: { Authorization: `Bearer ${key}` } });
  return response.json();
}

describe.each(calls)('on %s', (wire, call) => {
  test('used-up credits end a call at once, although the reset is hours away', async () => {
    const began = performance.now();
    const error = await rejection(call(keys.empty, 'plain'));
    expect(error).toMatchObject({ status: 429, name: expect.any(String) });
    expect(error.headers.get('x-should-retry')).toBe('false');
    expect(Number(error.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(performance.now() - began).toBeLessThan(5_000);
    if (wire === 'messages') expect(error.error.error.type).toBe('rate_limit_error');
    else expect(error).toMatchObject({ code: 'insufficient_quota', type: wire === 'chat' ? 'insufficient_quota' : 'usage_limit_reached' });
    if (wire === 'responses') {
      expect(error.error.resets_at).toBeGreaterThan(Date.now() / 1000);
      expect(error.headers.get('x-codex-promo-message')).toBeTruthy();
    }
  });

  test('a wrong key and an unknown model are refused once', async () => {
    const wrong = await rejection(call('codexible_wrong', 'plain'));
    expect(wrong).toMatchObject({ status: 401 });
    expect(wrong.headers.get('x-should-retry')).toBe('false');
    const unknown = await rejection(call(key, 'no-such-model'));
    expect(unknown).toMatchObject({ status: 404 });
    if (wire === 'messages') {
      expect(wrong.error.error.type).toBe('authentication_error');
      expect(unknown.error.error.type).toBe('not_found_error');
    } else {
      expect(wrong).toMatchObject({ code: 'invalid_api_key', type: 'invalid_request_error' });
      expect(unknown).toMatchObject({ code: 'model_not_found', type: 'invalid_request_error', param: 'model' });
    }
  });

  test('a call is charged by what the provider reported, under the id of the answer', async () => {
    const { data, response } = await call(key, 'plain').withResponse();
    const id = data._request_id;
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
    expect(await charge(id)).toMatchObject([{ request_id: id, model: 'plain', prompt_tokens: tokens.input, completion_tokens: tokens.output, outcome: 'complete', source: 'reported' }]);
    expect(response.headers.get('x-ratelimit-limit-requests')).toMatch(/^\d+$/);
    expect(Number(response.headers.get('x-codexible-credits-remaining'))).toBeGreaterThan(0);
    // What the provider says of its own account stays with us.
    for (const name of ['set-cookie', 'openai-organization', 'anthropic-ratelimit-requests-limit']) expect(response.headers.get(name)).toBeNull();
  });
});

test('a chat stream that asks for no usage is charged by what the provider reported', async () => {
  const { data, response } = await openai(key).chat.completions.create({ model: 'plain', messages, stream: true }).withResponse();
  expect(await joined(data, (c) => c.choices[0]?.delta.content)).toBe(text);
  expect(await charge(response.headers.get('x-request-id'))).toMatchObject([{ prompt_tokens: tokens.input, completion_tokens: tokens.output, outcome: 'complete', source: 'reported' }]);
});

test('a chat stream is stopped in its own form when the credits are used up', async () => {
  const stream = await openai(keys.chat).chat.completions.create({ model: 'dear-chat', messages, stream: true });
  const error = await rejection(joined(stream, (c) => c.choices[0]?.delta.content));
  expect(error).toBeInstanceOf(OpenAI.APIError);
  expect(error).toMatchObject({ code: 'insufficient_quota', type: 'insufficient_quota' });
  await expect.poll(() => requests('dear-chat'), { timeout: 10_000 }).toMatchObject([{ left: true, done: true }]);
});

test('a responses stream is stopped in its own form when the credits are used up', async () => {
  const events = [];
  for await (const event of await openai(keys.responses).responses.create({ model: 'dear-responses', input: prompt, stream: true, store: false })) events.push(event);
  expect(events.at(-1)).toMatchObject({ type: 'response.failed', response: { error: { code: 'insufficient_quota' } } });
  await expect.poll(() => requests('dear-responses'), { timeout: 10_000 }).toMatchObject([{ left: true, done: true }]);
});

test('a messages stream is stopped in its own form when the credits are used up, and the next call refused', async () => {
  const ask = { model: 'dear-messages', max_tokens: 4096, messages };
  const error = await rejection(anthropic(keys.messages).messages.stream(ask).finalMessage());
  expect(error).toBeInstanceOf(Anthropic.APIError);
  expect(error.message).toContain('rate_limit_error');
  expect(await rejection(anthropic(keys.messages).messages.create(ask))).toMatchObject({ status: 429 });
  await expect.poll(() => requests('dear-messages'), { timeout: 10_000 }).toMatchObject([{ left: true, done: true }]);
});

test('the AI SDK gives up on used-up credits', async () => {
  const provider = createOpenAICompatible({ name: 'codexible', apiKey: keys.empty, baseURL: `${url}/v1` });
  const error = await rejection(generateText({ model: provider('plain'), prompt }));
  expect(error.lastError ?? error).toMatchObject({ statusCode: 429 });
});

test('an address that ends in /v1 is good for Anthropic\'s clients too', async () => {
  const answer = await anthropic(key, `${url}/v1`).messages.create({ model: 'plain', max_tokens: 4096, messages });
  expect(answer.content[0].text).toBe(text);
});
