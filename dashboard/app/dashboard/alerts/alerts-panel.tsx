'use client';

import { useState, type SubmitEvent } from 'react';
import { alertFields, changedAlerts, chosenThreshold, readAlerts } from '@/app/lib/alerts';
import { getAlerts, ownServer, updateAlerts, type Alerts, type Result } from '@/app/lib/api';
import { button } from '@/app/ui/button';
import { Missing, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { useSession } from '@/app/ui/session';
import { Trouble } from '@/app/ui/trouble';
import { Choice } from '../keys/scope-fields';

/** How a form that was sent without a script went. */
export type Outcome = 'saved' | 'failed';

export function AlertsPanel({ initial, outcome }: { initial: Promise<Result<Alerts>>; outcome: Outcome | null }) {
  const { m } = useSpeech();
  const alerts = useResource(initial, 'alerts', (signal) => getAlerts({ ...ownServer, signal }));
  return (
    <Panel title={m.alerts.list} resource={alerts} missing={m.missing.usage} skeleton={<Waiting className="h-[400px]" />}>
      {(value) => <AlertsForm initial={value} outcome={outcome} />}
    </Panel>
  );
}

/** The choice of e-mails. It works before the page's script has loaded, and without it. */
export function AlertsForm({ initial, outcome }: { initial: Alerts; outcome: Outcome | null }) {
  const { m, fill } = useSpeech();
  const { checkEnd } = useSession();
  const [alerts, setAlerts] = useState(initial);
  const [state, setState] = useState<'idle' | 'working' | Outcome>(outcome ?? 'idle');
  const [result, setResult] = useState<Result<Alerts> | null>(null);

  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const change = readAlerts(new FormData(event.currentTarget));
    if (!change) return;
    setState('working');
    const answer = await updateAlerts(changedAlerts(alerts, change));
    setState(answer.ok ? 'saved' : 'idle');
    setResult(answer);
    if (answer.ok) setAlerts(answer.value);
    else if (answer.error.kind === 'unauthorized') await checkEnd();
  };

  return (
    <form method="post" action="/dashboard/alerts/save" onSubmit={(event) => void submit(event)} onChange={() => setState('idle')}>
      {alerts.mail ? <p className="mb-2 text-sm break-words text-soft">{fill(m.alerts.to, { email: alerts.email })}</p> : <Missing sentence={m.alerts.noMail} />}
      <fieldset disabled={!alerts.mail}>
        <Thresholds alerts={alerts} />
        <Choice label={m.alerts.usedUp} hint={m.alerts.usedUpHint}>
          {(bound) => <input {...bound} type="checkbox" name={alertFields.usedUp} value="yes" defaultChecked={alerts.used_up} />}
        </Choice>
        <Choice label={m.alerts.keyExpiring} hint={m.alerts.keyExpiringHint}>
          {(bound) => <input {...bound} type="checkbox" name={alertFields.keyExpiring} value="yes" defaultChecked={alerts.key_expiring} />}
        </Choice>
        <div className="mt-2 flex flex-wrap items-center gap-x-2 gap-y-1">
          <button type="submit" className={button.primary} disabled={state === 'working' || !alerts.mail}>
            {state === 'working' ? m.alerts.saving : m.alerts.save}
          </button>
          <p role="status" className={`text-sm font-semibold ${state === 'failed' ? 'text-bad' : 'text-good'}`} data-outcome={state}>
            {state === 'saved' ? m.alerts.saved : state === 'failed' ? m.alerts.notSaved : ''}
          </p>
        </div>
      </fieldset>
      <Refused result={result} />
    </form>
  );
}

function Refused({ result }: { result: Result<Alerts> | null }) {
  const { m } = useSpeech();
  if (!result || result.ok) return null;
  const words = result.error.kind === 'insufficient_scope' ? { words: { title: m.trouble.scope, hint: m.alerts.lacksKeys } } : {};
  return (
    <div className="mt-2">
      <Trouble error={result.error} {...words} />
    </div>
  );
}

/** From which of the operator's thresholds on there are e-mails, each choice with all that it brings. */
function Thresholds({ alerts }: { alerts: Alerts }) {
  const { m, fill, percent } = useSpeech();
  const chosen = chosenThreshold(alerts);
  const listOf = (from: number) => {
    const told = alerts.thresholds.filter((threshold) => threshold >= from).map((threshold) => percent(threshold / 100));
    const last = told.pop() ?? '';
    return told.length === 0 ? last : fill(m.alerts.and, { list: told.join(', '), last });
  };
  return (
    <fieldset className="mb-2">
      <legend className="text-sm font-semibold">{m.alerts.usage}</legend>
      {alerts.thresholds.length === 0 ? (
        <p className="text-sm text-soft">{m.alerts.noThresholds}</p>
      ) : (
        [...alerts.thresholds, null].map((threshold) => (
          <label key={threshold ?? 'none'} className="flex items-start gap-1 py-0.5 text-sm">
            <input type="radio" name={alertFields.usage} value={threshold ?? 'none'} defaultChecked={threshold === chosen} className="mt-0.5 size-2 shrink-0 accent-accent" />
            <span className="min-w-0">{threshold === null ? m.alerts.never : listOf(threshold)}</span>
          </label>
        ))
      )}
    </fieldset>
  );
}
