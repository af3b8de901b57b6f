import { expect, test } from 'vitest';
import { contentOf, fillIn, suggestedModel, tools, toolsFor, wires, type Values } from './tools';

const values: Values = { address: 'https://api.example.com', key: 'codexible_0123', model: 'gpt-5' };

test('the table names the tools that customers ask for', () => {
  expect(tools.map(({ id }) => id)).toEqual([
    'codex', 'claude-code', 'opencode', 'aider', 'cline', 'continue', 'cursor', 'curl',
    'openai-python', 'openai-typescript', 'openai-go', 'anthropic-python', 'anthropic-typescript', 'anthropic-go',
  ]);
});

test.each(tools.map((tool) => [tool.name, tool] as const))('%s is set up with the address, the key and the model', (_, tool) => {
  const ways = tool.parts.some(({ instead }) => instead) ? [tool.parts.filter(({ instead }) => !instead), tool.parts.filter(({ instead }) => instead)] : [tool.parts];
  for (const parts of ways) {
    const text = parts.map((part) => [contentOf(part, values), ...(part.settings ?? []).map(([, value]) => fillIn(value, values))].join('\n')).join('\n');
    expect(text).not.toMatch(/\{\{|YOUR_/);
    for (const value of Object.values(values)) expect(text).toContain(value);
    // A tool of Anthropic's adds /v1 itself, every other one expects it.
    expect(text.includes('https://api.example.com/v1')).toBe(tool.wire !== 'messages');
  }
});

test.each(tools.map((tool) => [tool.name, tool] as const))('%s: a part is one of lines or settings, and files that are JSON parse', (_, tool) => {
  for (const part of tool.parts) {
    expect((part.content === undefined) !== (part.settings === undefined)).toBe(true);
    if (part.path?.endsWith('.json')) expect(() => JSON.parse(contentOf(part, values)) as unknown).not.toThrow();
  }
  for (const note of tool.notes) expect([note.en, note.vi].every((text) => text.length > 0 && !/[«»"]/.test(text))).toBe(true);
});

test.each(["x'; rm -rf ~; '", 'a"b', 'a\nb', '$(id)', '`id`', 'a b', ''])('a value like %j, which would need an escape, is not put in', (model) => {
  expect(fillIn("export M='{{model}}'", { ...values, model })).toBe("export M='YOUR_MODEL'");
});

test('what is not known stays a place to fill in', () => {
  expect(fillIn('{{address}} {{key}} {{model}} {{other}}', { address: 'http://127.0.0.1:3001', key: null, model: null })).toBe('http://127.0.0.1:3001 YOUR_KEY YOUR_MODEL {{other}}');
});

test('a model of the tool’s maker comes first', () => {
  const names = ['claude-haiku-4-5', 'gpt-5'];
  expect([suggestedModel('messages', names), suggestedModel('responses', names), suggestedModel('chat', names), suggestedModel('messages', ['llama']), suggestedModel('chat', [])]).toEqual([
    'claude-haiku-4-5', 'gpt-5', 'claude-haiku-4-5', 'llama', null,
  ]);
});

test('a tool fits the endpoints that it calls', () => {
  expect(toolsFor([])).toEqual([]);
  expect(toolsFor(['responses']).map(({ id }) => id)).toContain('codex');
  expect(toolsFor(['responses', 'chat']).some(({ wire }) => wire === 'messages')).toBe(false);
  expect(toolsFor(wires)).toHaveLength(tools.length);
});
