import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { joined, key, prompt, rejection, requests, schema, text, tokens, url } from './target.js';

const openai = new OpenAI({ apiKey: key, baseURL: `${url}/v1` });
const messages = [{ role: 'user', content: prompt }];
const ended = expect.objectContaining({ prompt_tokens: tokens.input, completion_tokens: tokens.output, total_tokens: tokens.input + tokens.output });

test('chat completes', async () => {
  const answer = await openai.chat.completions.create({ model: 'plain', messages });
  expect(answer.choices[0].message.content).toBe(text);
  expect(answer.choices[0].finish_reason).toBe('stop');
  expect(answer.usage).toEqual(ended);
  expect(answer._request_id).toBeTruthy();
});

test('chat streams, with usage where it is asked for', async () => {
  const chunks = [];
  for await (const chunk of await openai.chat.completions.create({ model: 'plain', messages, stream: true, stream_options: { include_usage: true } })) chunks.push(chunk);
  expect(chunks.map((c) => c.choices[0]?.delta.content ?? '').join('')).toBe(text);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: ended });
  expect(chunks.slice(0, -1).every((c) => c.usage === null)).toBe(true);
});

test('chat streams without usage where it is not asked for', async () => {
  const chunks = [];
  for await (const chunk of await openai.chat.completions.create({ model: 'plain', messages, stream: true })) chunks.push(chunk);
  expect(chunks.map((c) => c.choices[0].delta.content ?? '').join('')).toBe(text);
  expect(chunks.every((c) => c.choices.length === 1 && !c.usage)).toBe(true);
});

test('chat makes several answers', async () => {
  const answer = await openai.chat.completions.create({ model: 'plain', messages, n: 3 });
  expect(answer.choices.map((c) => c.message.content)).toEqual([text, text, text]);
  expect(answer.usage.completion_tokens).toBe(3 * tokens.output);
});

test.each([false, true])('chat calls a tool and reads its result (streamed: %s)', async (stream) => {
  const called = [];
  const weather = { type: 'function', function: { name: 'weather', parameters: schema, parse: JSON.parse, function: ({ city }) => called.push(city) && `sunny in ${city}` } };
  const runner = openai.chat.completions.runTools({ model: 'tool', messages, tools: [weather], stream });
  expect(await runner.finalContent()).toContain('The tool answered: sunny in demo');
  expect(called).toEqual(['demo']);
});

test('responses completes', async () => {
  const answer = await openai.responses.create({ model: 'plain', input: prompt, store: false });
  expect(answer.output_text).toBe(text);
  expect(answer.status).toBe('completed');
  expect(answer.usage).toMatchObject({ input_tokens: tokens.input, output_tokens: tokens.output });
});

test('responses streams', async () => {
  const stream = openai.responses.stream({ model: 'plain', input: prompt, store: false });
  expect(await joined(stream, (e) => (e.type === 'response.output_text.delta' ? e.delta : ''))).toBe(text);
  const answer = await stream.finalResponse();
  expect(answer.output_text).toBe(text);
  expect(answer.usage).toMatchObject({ input_tokens: tokens.input, output_tokens: tokens.output });
});

test('responses calls a tool and reads its result', async () => {
  const tools = [{ type: 'function', name: 'weather', parameters: schema, strict: true }];
  const first = await openai.responses.stream({ model: 'tool', input: prompt, tools, store: false }).finalResponse();
  const [call] = first.output;
  expect(call).toMatchObject({ type: 'function_call', name: 'weather', arguments: '{"city":"demo"}', status: 'completed' });
  const second = await openai.responses.create({
    model: 'tool',
    input: [{ role: 'user', content: prompt }, call, { type: 'function_call_output', call_id: call.call_id, output: 'sunny' }],
    tools,
    store: false,
  });
  expect(second.output_text).toContain('The tool answered: sunny');
});

test('responses ends at the request\'s own maximum', async () => {
  const answer = await openai.responses.create({ model: 'plain', input: prompt, max_output_tokens: 5, store: false });
  expect(answer).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, usage: { output_tokens: 5 } });
});

test('completions and embeddings answer', async () => {
  const completion = await openai.completions.create({ model: 'plain', prompt });
  expect(completion.choices[0].text).toBe(text);
  expect(await joined(await openai.completions.create({ model: 'plain', prompt, stream: true }), (c) => c.choices[0]?.text)).toBe(text);
  const vectors = await openai.embeddings.create({ model: 'plain', input: [prompt, prompt] });
  expect(vectors.data).toHaveLength(2);
  expect(vectors.data[0].embedding[0]).toBeCloseTo(Math.sin(1), 5);
  expect(vectors.usage).toEqual({ prompt_tokens: 2 * tokens.input, total_tokens: 2 * tokens.input });
});

test('models are listed and found', async () => {
  const ids = [];
  for await (const model of openai.models.list()) ids.push(model.id);
  expect(ids).toContain('plain');
  expect(await openai.models.retrieve('plain')).toMatchObject({ id: 'plain', object: 'model', created: expect.any(Number) });
});

test('a large stream arrives whole, however it was cut into chunks', async () => {
  const answer = await openai.responses.stream({ model: 'odd', input: prompt, store: false }).finalResponse();
  expect(answer.output_text.split(' ')).toHaveLength(2000);
  expect(answer.usage.output_tokens).toBe(2000);
});

test('a failure that passes is retried', async () => {
  const answer = await openai.chat.completions.create({ model: 'flaky-chat', messages });
  expect(answer.choices[0].message.content).toBe(text);
  expect(await requests('flaky-chat')).toHaveLength(2);
});

test('a refusal of the provider comes as it is', async () => {
  const error = await rejection(openai.chat.completions.create({ model: 'refused', messages }));
  expect(error).toBeInstanceOf(OpenAI.BadRequestError);
  expect(error).toMatchObject({ status: 400, code: 'context_length_exceeded', type: 'invalid_request_error', requestID: expect.any(String) });
  expect(await requests('refused')).toHaveLength(1);
});

test('an error inside a chat stream is raised', async () => {
  const read = async () => joined(await openai.chat.completions.create({ model: 'failing-chat', messages, stream: true }), (c) => c.choices[0]?.delta.content);
  const error = await rejection(read());
  expect(error).toBeInstanceOf(OpenAI.APIError);
  expect(error.type).toBe('server_error');
});

test('an error inside a responses stream is an event', async () => {
  const events = [];
  for await (const event of await openai.responses.create({ model: 'failing-responses', input: prompt, stream: true, store: false })) events.push(event);
  expect(events.at(-1)).toMatchObject({ type: 'response.failed', response: { status: 'failed', error: { code: 'server_is_overloaded' } } });
});

test.each(['chat', 'responses'])('a client that leaves a %s stream ends it', async (wire) => {
  const model = `endless-${wire}`;
  const stream =
    wire === 'chat'
      ? await openai.chat.completions.create({ model, messages, stream: true })
      : await openai.responses.create({ model, input: prompt, stream: true, store: false });
  let events = 0;
  for await (const event of stream) if (event && ++events === 20) break;
  await expect.poll(() => requests(model), { timeout: 10_000 }).toMatchObject([{ left: true, done: true }]);
});
