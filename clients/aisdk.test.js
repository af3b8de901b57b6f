import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embed, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, test } from 'vitest';
import { key, prompt, rejection, requests, schema, text, tokens, url } from './target.js';

const options = { apiKey: key, baseURL: `${url}/v1` };
const compatible = createOpenAICompatible({ name: 'codexible', ...options });
const providers = [
  ['openai-compatible', createOpenAICompatible({ name: 'codexible', includeUsage: true, ...options }), 'chat'],
  ['openai', createOpenAI(options), 'responses'],
  ['anthropic', createAnthropic(options), 'messages'],
];

describe.each(providers)('with @ai-sdk/%s', (_, provider, wire) => {
  test('text is generated', async () => {
    const answer = await generateText({ model: provider('plain'), prompt });
    expect(answer.text).toBe(text);
    expect(answer.usage).toMatchObject({ inputTokens: tokens.input, outputTokens: tokens.output });
    expect(answer.finishReason).toBe('stop');
  });

  test('text is streamed', async () => {
    const answer = streamText({ model: provider('plain'), prompt });
    let written = '';
    for await (const delta of answer.textStream) written += delta;
    expect(written).toBe(text);
    expect(await answer.usage).toMatchObject({ inputTokens: tokens.input, outputTokens: tokens.output });
  });

  test('a tool is called and its result read', async () => {
    const called = [];
    const weather = tool({ inputSchema: jsonSchema(schema), execute: ({ city }) => called.push(city) && `sunny in ${city}` });
    const answer = streamText({ model: provider('tool'), prompt, tools: { weather }, stopWhen: stepCountIs(3) });
    expect(await answer.text).toContain('The tool answered: sunny in demo');
    expect(called).toEqual(['demo']);
  });

  test('a refusal of the provider comes as it is', async () => {
    const before = (await requests(`refused-${wire}-ai`)).length;
    const error = await rejection(generateText({ model: provider(`refused-${wire}-ai`), prompt }));
    expect(error).toMatchObject({ name: 'AI_APICallError', statusCode: 400, message: 'The prompt is too long.' });
    expect(await requests(`refused-${wire}-ai`)).toHaveLength(before + 1);
  });

  test('an error inside a stream is reported', async () => {
    const errors = [];
    const answer = streamText({ model: provider(`failing-${wire}-ai`), prompt, maxRetries: 0, onError: ({ error }) => errors.push(error) });
    for await (const part of answer.fullStream) if (part.type === 'finish') expect(part.finishReason).not.toBe('stop');
    expect(errors.length).toBeGreaterThan(0);
  });
});

test('openai-compatible streams without asking for usage', async () => {
  const answer = streamText({ model: compatible('plain'), prompt });
  expect(await answer.text).toBe(text);
  expect((await answer.usage).outputTokens).toBeUndefined();
});

test('a text is embedded', async () => {
  const answer = await embed({ model: compatible.textEmbeddingModel('plain'), value: prompt });
  expect(answer.embedding[0]).toBeCloseTo(Math.sin(1), 5);
});
