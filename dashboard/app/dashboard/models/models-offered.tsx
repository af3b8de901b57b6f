'use client';

import { Fragment } from 'react';
import { getUsageSpeed, listModels, ownServer, type Model, type ModelSpeed, type Result } from '@/app/lib/api';
import { endpoints, toolsFor, wires } from '@/app/lib/tools';
import { button } from '@/app/ui/button';
import { CopyButton } from '@/app/ui/copy';
import { Empty, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { barOf, useResource, type Resource } from '@/app/ui/resource';
import { Trouble } from '@/app/ui/trouble';
import { duration } from '../duration';
import { speedDays } from '../ranges';
import { Price } from './price';

interface ModelsProps {
  models: Promise<Result<Model[]>>;
  speed: Promise<Result<ModelSpeed[]>>;
}

/** The models that the viewer's key may use, what each costs, and how fast it has answered. */
export function ModelsOffered(props: ModelsProps) {
  const { m, plural } = useSpeech();
  const speed = useResource(props.speed, 'speed', (signal) => getUsageSpeed(speedDays, { ...ownServer, signal }));
  const models = useResource(props.models, 'models', (signal) => listModels({ ...ownServer, signal }));
  return (
    <Panel
      title={m.offer.list}
      resource={models}
      missing={m.missing.models}
      skeleton={<Waiting className="h-[320px]" />}
      aside={<span className="text-sm text-soft">{models.value?.length ? plural(m.offer.count, models.value.length) : ''}</span>}
    >
      {(rows) =>
        rows.length === 0 ? (
          <Empty title={m.offer.empty} hint={m.offer.emptyHint} />
        ) : (
          <>
            <SpeedTrouble speed={speed} />
            <ModelList rows={rows} speeds={speed.value} />
          </>
        )
      }
    </Panel>
  );
}

/** The list stands without the speed; what the page says above its panels is not said again. */
function SpeedTrouble({ speed: { value, error, busy, reload } }: { speed: Resource<ModelSpeed[]> }) {
  if (!error || barOf(error) || error.kind === 'insufficient_scope') return null;
  return (
    <div className="mb-2">
      <Trouble error={error} retry={reload} busy={busy} automatic stale={value !== null} />
    </div>
  );
}

export function ModelList({ rows, speeds }: { rows: readonly Model[]; speeds: readonly ModelSpeed[] | null }) {
  return (
    <ul className="divide-y divide-line">
      {rows.map((model) => (
        <li key={model.name} data-model={model.name} className="grid grid-cols-1 gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0 lg:grid-cols-2">
          <About model={model} speeds={speeds} />
          <Price model={model} />
        </li>
      ))}
    </ul>
  );
}

/** A list whose entries break only where one is longer than the line. */
function Parts({ parts, between }: { parts: readonly string[]; between: string }) {
  const last = parts.length - 1;
  return parts.map((part, index) => (
    <Fragment key={part}>
      <bdi className="inline-block max-w-full">
        {part}
        {index < last ? between : null}
      </bdi>
      {index < last ? ' ' : null}
    </Fragment>
  ));
}

/** How fast the account's own calls were answered; empty where that is not known. */
function useSpeedText(model: string, speeds: readonly ModelSpeed[] | null): string {
  const speech = useSpeech();
  const { m, fill, number, plural } = speech;
  if (speeds === null) return '';
  const own = speeds.find((each) => each.model === model);
  if (!own) return plural(m.speed.none, speedDays);
  const parts = [fill(m.speed.first, { time: duration(speech, own.first_token_ms) })];
  if (own.tokens_per_second !== null) parts.push(fill(m.speed.rate, { n: number(own.tokens_per_second) }));
  return [...parts, plural(m.speed.calls, own.requests, { days: speedDays })].join(' · ');
}

function About({ model, speeds }: { model: Model; speeds: readonly ModelSpeed[] | null }) {
  const { m, plural } = useSpeech();
  const speed = useSpeedText(model.name, speeds);
  const served = wires.filter((wire) => model.wires.includes(wire));
  const facts = [
    { name: 'aliases', term: m.offer.aliases, parts: model.aliases, code: true },
    { name: 'context', term: m.offer.context, parts: model.context_window === null ? [] : [plural(m.offer.tokens, model.context_window)], code: false },
    { name: 'wires', term: m.speed.endpoints, parts: served.length > 0 ? served.map((wire) => endpoints[wire]) : [m.speed.nowhere], code: served.length > 0 },
    { name: 'tools', term: m.speed.tools, parts: served.length === wires.length ? [m.speed.everyTool] : toolsFor(served).map(({ name }) => name), code: false },
    { name: 'speed', term: m.speed.title, parts: speed ? [speed] : [], code: false },
  ].filter(({ parts }) => parts.length > 0);
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
          {facts.map(({ name, term, parts, code }) => (
            <div key={name} className="contents">
              <dt className="text-soft">{term}</dt>
              <dd data-fact={name} className={`min-w-0 break-words ${code ? 'font-mono' : ''}`}>
                <Parts parts={parts} between={code ? ',' : ' ·'} />
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
    </div>
  );
}
