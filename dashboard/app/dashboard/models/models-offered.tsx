'use client';

import { listModels, ownServer, type Model, type Result } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { CopyButton } from '@/app/ui/copy';
import { Empty, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { Price } from './price';

/** The models that the viewer's key may use, and what each costs. */
export function ModelsOffered(props: { models: Promise<Result<Model[]>> }) {
  const { m, plural } = useSpeech();
  const models = useResource(props.models, 'models', (signal) => listModels({ ...ownServer, signal }));
  return (
    <Panel
      title={m.offer.list}
      resource={models}
      missing={m.missing.models}
      skeleton={<Waiting className="h-[320px]" />}
      aside={<span className="text-sm text-soft">{models.value?.length ? plural(m.offer.count, models.value.length) : ''}</span>}
    >
      {(rows) => (rows.length === 0 ? <Empty title={m.offer.empty} hint={m.offer.emptyHint} /> : <ModelList rows={rows} />)}
    </Panel>
  );
}

export function ModelList({ rows }: { rows: readonly Model[] }) {
  return (
    <ul className="divide-y divide-line">
      {rows.map((model) => (
        <li key={model.name} data-model={model.name} className="grid grid-cols-1 gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0 lg:grid-cols-2">
          <About model={model} />
          <Price model={model} />
        </li>
      ))}
    </ul>
  );
}

function About({ model }: { model: Model }) {
  const { m, plural } = useSpeech();
  const facts = [
    { name: 'aliases', term: m.offer.aliases, text: model.aliases.join(', '), code: true },
    { name: 'context', term: m.offer.context, text: model.context_window === null ? '' : plural(m.offer.tokens, model.context_window), code: false },
  ].filter(({ text }) => text !== '');
  return (
    <div className="min-w-0">
      <h3 className="text-base">
        <bdi className="break-words">{model.display_name ?? model.name}</bdi>
      </h3>
      <div className="flex items-baseline gap-1">
        <code className="min-w-0 font-mono text-sm break-all text-soft" data-fact="name">
          <bdi>{model.name}</bdi>
        </code>
        <CopyButton
          text={model.name}
          subject={model.name}
          className={`${button.plain} shrink-0 py-0.5 text-xs`}
          messages={{ idle: m.keys.copy, done: m.keys.copied, failed: m.keys.copyFailed }}
        />
      </div>
      {model.description === null ? null : (
        <p className="mt-0.5 text-sm break-words" data-fact="description">
          <bdi>{model.description}</bdi>
        </p>
      )}
      {facts.length > 0 ? (
        <dl className="mt-0.5 grid grid-cols-[auto_1fr] gap-x-2 text-sm">
          {facts.map(({ name, term, text, code }) => (
            <div key={name} className="contents">
              <dt className="text-soft">{term}</dt>
              <dd data-fact={name} className={`min-w-0 ${code ? 'font-mono break-all' : ''}`}>
                <bdi>{text}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
    </div>
  );
}
