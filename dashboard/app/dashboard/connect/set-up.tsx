'use client';

import { use, useId, useState } from 'react';
import type { Model, Result } from '@/app/lib/api';
import { contentOf, endpoints, fillIn, suggestedModel, toolKinds, tools, type Part, type Tool, type Values } from '@/app/lib/tools';
import { button, field } from '@/app/ui/button';
import { Code } from '@/app/ui/code';
import { CopyButton } from '@/app/ui/copy';
import { useSpeech } from '@/app/ui/preferences';
import { TestKey } from './test-key';

interface SetUpProps {
  /** Where customers' programs reach the service. */
  address: string;
  /** The key to fill in and to test; null for a place to fill in, and a test with the key of the session. */
  apiKey: string | null;
  models: Promise<Result<Model[]>>;
}

/** How to set a tool up, with a key and a model filled in, and a test of both. */
export function SetUp({ address, apiKey, models }: SetUpProps) {
  const { m, fill, language } = useSpeech();
  const answer = use(models);
  const [tool, setTool] = useState<Tool | undefined>(tools[0]);
  const [chosen, setChosen] = useState<string | null>(null);
  if (!tool) return null;
  const offered = answer.ok ? answer.value : [];
  const names = offered.filter(({ wires }) => wires.includes(tool.wire)).map(({ name }) => name);
  // Models there are, but none on the endpoint that the tool calls.
  const unserved = offered.length > 0 && names.length === 0;
  // A choice holds for every tool that can use it.
  const holds = chosen !== null && (offered.length === 0 || names.includes(chosen));
  const model = holds ? chosen : suggestedModel(tool.wire, names);
  const values = { address, key: apiKey, model: model === '' ? null : model };
  return (
    <div className="min-w-0">
      <ToolChoice tool={tool} onChoose={setTool} />
      {unserved ? (
        <p role="status" data-unserved={tool.wire} className="mt-2 rounded-md bg-warn-wash px-2 py-1.5 text-sm">
          {fill(m.connect.unserved, { tool: tool.name, endpoint: endpoints[tool.wire] })}
        </p>
      ) : (
        <ModelChoice names={names} some={names.length < offered.length} endpoint={endpoints[tool.wire]} model={model ?? ''} onChoose={setChosen} />
      )}
      <div data-tool={tool.id}>
        {tool.parts.map((part, index) => (
          <PartView key={`${tool.id} ${index}`} tool={tool} part={part} values={values} />
        ))}
        {tool.parts.some(({ path, content }) => !path && content) ? <p className="mt-1 text-sm text-soft">{m.connect.shells}</p> : null}
        {tool.notes.map((note) => (
          <p key={note.en} className="mt-1 text-sm text-soft">
            {note[language]}
          </p>
        ))}
      </div>
      <TestKey key={`${tool.id} ${model} ${apiKey}`} wire={tool.wire} model={values.model} apiKey={apiKey} />
    </div>
  );
}

function ToolChoice({ tool, onChoose }: { tool: Tool; onChoose: (tool: Tool) => void }) {
  const { m } = useSpeech();
  const name = useId();
  return (
    <fieldset>
      <legend className="text-sm font-semibold">{m.connect.tool}</legend>
      {toolKinds.map((kind) => (
        <div key={kind} role="group" aria-label={m.connect.kinds[kind]} className="mt-0.5 sm:flex sm:items-baseline">
          <p aria-hidden="true" className="shrink-0 text-sm text-soft sm:w-[144px]">
            {m.connect.kinds[kind]}
          </p>
          <div className="flex min-w-0 flex-wrap gap-0.5">
            {tools
              .filter((each) => each.kind === kind)
              .map((each) => (
                <label
                  key={each.id}
                  className="rounded-md border border-line px-1.5 py-0.5 text-sm font-semibold text-soft hover:text-ink has-checked:border-accent has-checked:bg-accent-wash has-checked:text-accent-ink has-focus-visible:outline-2 has-focus-visible:outline-accent-ink"
                >
                  <input type="radio" name={name} className="sr-only" checked={each === tool} onChange={() => onChoose(each)} />
                  {each.name}
                </label>
              ))}
          </div>
        </div>
      ))}
    </fieldset>
  );
}

interface ModelChoiceProps {
  names: string[];
  /** Whether the tool can use some of the models alone. */
  some: boolean;
  endpoint: string;
  model: string;
  onChoose: (model: string) => void;
}

function ModelChoice({ names, some, endpoint, model, onChoose }: ModelChoiceProps) {
  const { m, fill } = useSpeech();
  const id = useId();
  return (
    <div className="mt-2 max-w-[400px]">
      <label htmlFor={id} className="text-sm font-semibold">
        {m.connect.model}
      </label>
      {names.length > 0 ? (
        <>
          <select id={id} className={`${field} mt-0.5`} aria-describedby={some ? `${id}-hint` : undefined} value={model} onChange={(event) => onChoose(event.target.value)}>
            {names.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
          {some ? (
            <p id={`${id}-hint`} className="text-sm break-words text-soft">
              {fill(m.connect.some, { endpoint })}
            </p>
          ) : null}
        </>
      ) : (
        <>
          <input
            id={id}
            type="text"
            className={`${field} mt-0.5 font-mono`}
            aria-describedby={`${id}-hint`}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={model}
            onChange={(event) => onChoose(event.target.value.trim())}
          />
          <p id={`${id}-hint`} className="text-sm text-soft">
            {m.connect.modelHint}
          </p>
        </>
      )}
    </div>
  );
}

function PartView({ tool, part, values }: { tool: Tool; part: Part; values: Values }) {
  const { m, fill } = useSpeech();
  const title = part.settings ? m.connect.settings : part.path ? fill(m.connect.file, { path: part.path }) : m.connect.terminal;
  return (
    <div className="mt-2">
      <p className="text-sm font-semibold break-words">{part.instead ? fill(m.connect.instead, { what: title }) : title}</p>
      {part.settings ? (
        <dl className="my-1 divide-y divide-line rounded-md border border-line bg-sunken text-sm">
          {part.settings.map(([name, value]) => (
            <div key={name} className="flex flex-wrap items-center gap-x-2 px-2 py-0.5">
              <dt className="w-full text-soft sm:w-[224px]">{name}</dt>
              <dd className="flex min-w-0 grow basis-0 items-center justify-between gap-1">
                <span className="min-w-0 font-mono break-all">{fillIn(value, values)}</span>
                <CopyButton
                  text={fillIn(value, values)}
                  subject={name}
                  className={`${button.quiet} min-h-4 shrink-0 px-1 py-0 text-xs`}
                  messages={{ idle: m.code.copy, done: m.code.copied, failed: m.keys.copyFailed }}
                />
              </dd>
            </div>
          ))}
        </dl>
      ) : (
        <Code code={contentOf(part, values)} subject={`${tool.name}: ${title}`} />
      )}
    </div>
  );
}
