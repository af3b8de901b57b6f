import type { Language } from './i18n';
import table from './tools.json';

/*
 * How each tool is set up for this service. tools.json is the only place that
 * says so: this dashboard shows it, and the tests of coding agents use it.
 */

/** The API of a provider that a tool speaks. */
export type Wire = 'chat' | 'messages' | 'responses';

export const wires: readonly Wire[] = ['chat', 'messages', 'responses'];

/** Where each API is served. */
export const endpoints: Record<Wire, string> = { chat: '/v1/chat/completions', messages: '/v1/messages', responses: '/v1/responses' };

/** One thing to do: lines for a terminal, or a file where there is a path, or settings to type in. */
export interface Part {
  path?: string;
  content?: string[];
  settings?: [name: string, value: string][];
  /** It is done instead of the parts before it. */
  instead?: boolean;
}

export interface Tool {
  id: string;
  name: string;
  kind: 'agent' | 'editor' | 'sdk';
  wire: Wire;
  parts: Part[];
  notes: Record<Language, string>[];
}

export const tools = table.tools as Tool[];

/** The tools that can use a model served on these endpoints. */
export function toolsFor(served: readonly Wire[]): Tool[] {
  return tools.filter(({ wire }) => served.includes(wire));
}

export const toolKinds = ['agent', 'editor', 'sdk'] as const;

/** What the places `{{address}}`, `{{key}}` and `{{model}}` stand for. */
export interface Values {
  address: string;
  key: string | null;
  model: string | null;
}

const placeholders = { address: 'https://YOUR_ADDRESS', key: 'YOUR_KEY', model: 'YOUR_MODEL' };

/** What needs no escape in a shell, in TOML, YAML, JSON and the languages of the table. */
const plain = /^[\w.:/@+[\]-]+$/;

/** Puts values into a text of the table. What is not known, or would need an escape, stays a placeholder. */
export function fillIn(text: string, values: Values): string {
  return text.replace(/\{\{(address|key|model)\}\}/g, (_, name: keyof Values) => {
    const value = values[name];
    return value !== null && plain.test(value) ? value : placeholders[name];
  });
}

/** The content of a part as it is copied. */
export function contentOf(part: Part, values: Values): string {
  return (part.content ?? []).map((line) => fillIn(line, values)).join('\n');
}

const fitting: Record<Wire, RegExp> = { chat: /./, messages: /claude/i, responses: /gpt|codex/i };

/** The model to suggest for a tool: one that its maker has in mind, else the first. */
export function suggestedModel(wire: Wire, names: readonly string[]): string | null {
  return names.find((name) => fitting[wire].test(name)) ?? names[0] ?? null;
}
