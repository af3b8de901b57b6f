import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import { key, prompt, rejection, requests, schema, text, tokens, url } from './target.js';

const clients = [
  ['an API key', new Anthropic({ apiKey: key, baseURL: url })],
  ['a token', new Anthropic({ apiKey: null, authToken: key, baseURL: url })],
  ['x-api-key', new Anthropic({ apiKey: null, authToken: null, baseURL: url, defaultHeaders: { 'x-api-key': key, Authorization: null } })],
];
const [[, anthropic]] = clients;
const ask = { model: 'plain', max_tokens: 1024, messages: [{ role: 'user', content: prompt }] };
const weather = { name: 'weather', input_schema: schema };

test.each(clients)('messages completes with %s', async (_, client) => {
  const answer = await client.messages.create(ask);
  expect(answer.content).toEqual([{ type: 'text', text }]);
  expect(answer.stop_reason).toBe('end_turn');
  expect(answer.usage).toMatchObject({ input_tokens: tokens.input, output_tokens: tokens.output });
  expect(answer._request_id).toBeTruthy();
});

test('messages streams', async () => {
  const stream = anthropic.messages.stream(ask);
  let written = '';
  stream.on('text', (delta) => (written += delta));
  const answer = await stream.finalMessage();
  expect(written).toBe(text);
  expect(answer.content[0].text).toBe(text);
  expect(answer.usage).toMatchObject({ input_tokens: tokens.input, output_tokens: tokens.output });
});

test('messages streams what the model thought', async () => {
  const answer = await anthropic.messages.stream({ ...ask, model: 'thinking', thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 4096 }).finalMessage();
  expect(answer.content.map((c) => c.type)).toEqual(['thinking', 'text']);
  expect(answer.content[0].signature).toBeTruthy();
  expect(answer.usage.output_tokens).toBe(tokens.output + 5);
});

test('messages reports caches', async () => {
  const answer = await anthropic.messages.stream({ ...ask, model: 'cached' }).finalMessage();
  expect(answer.usage).toMatchObject({ input_tokens: tokens.input, cache_read_input_tokens: 100, cache_creation_input_tokens: 20 });
});

test.each([false, true])('messages calls a tool and reads its result (streamed: %s)', async (stream) => {
  const send = (body) => (stream ? anthropic.messages.stream(body).finalMessage() : anthropic.messages.create(body));
  const first = await send({ ...ask, model: 'tool', tools: [weather] });
  expect(first.stop_reason).toBe('tool_use');
  expect(first.content).toMatchObject([{ type: 'tool_use', name: 'weather', input: { city: 'demo' } }]);
  const second = await send({
    ...ask,
    model: 'tool',
    tools: [weather],
    messages: [
      ...ask.messages,
      { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: first.content[0].id, content: 'sunny' }] },
    ],
  });
  expect(second.content[0].text).toContain('The tool answered: sunny');
});

test('tokens are counted', async () => {
  expect(await anthropic.messages.countTokens({ model: 'plain', messages: ask.messages })).toEqual({ input_tokens: tokens.input });
});

test('models are listed and found', async () => {
  const ids = [];
  for await (const model of anthropic.models.list({ limit: 1000 })) ids.push(model.id);
  expect(ids).toContain('plain');
  expect(await anthropic.models.retrieve('plain')).toMatchObject({ id: 'plain', type: 'model', display_name: expect.any(String), created_at: expect.any(String) });
});

test('a failure that passes is retried', async () => {
  expect((await anthropic.messages.create({ ...ask, model: 'flaky-messages' })).content[0].text).toBe(text);
  expect(await requests('flaky-messages')).toHaveLength(2);
});

test('a refusal of the provider comes as it is', async () => {
  const error = await rejection(anthropic.messages.create({ ...ask, model: 'refused-messages' }));
  expect(error).toBeInstanceOf(Anthropic.BadRequestError);
  expect(error).toMatchObject({ status: 400, error: { type: 'error', error: { type: 'invalid_request_error', message: expect.any(String) } } });
  expect(await requests('refused-messages')).toHaveLength(1);
});

test('an error inside a stream is raised', async () => {
  const error = await rejection(anthropic.messages.stream({ ...ask, model: 'failing-messages' }).finalMessage());
  expect(error).toBeInstanceOf(Anthropic.APIError);
  expect(error.message).toContain('overloaded_error');
});

test('a client that leaves a stream ends it', async () => {
  const stream = await anthropic.messages.create({ ...ask, model: 'endless-messages', stream: true });
  let events = 0;
  for await (const event of stream) if (event && ++events === 20) break;
  await expect.poll(() => requests('endless-messages'), { timeout: 10_000 }).toMatchObject([{ left: true, done: true }]);
});
