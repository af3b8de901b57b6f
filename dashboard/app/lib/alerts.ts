import type { Alerts, AlertsChange } from './api';

/*
 * Which e-mails an account gets, as its form has them. Of the thresholds of the
 * operator, a customer chooses the one from which on to be told.
 */

/** What the form sends, with or without a script. */
export const alertFields = { usage: 'usage_from_percent', usedUp: 'used_up', keyExpiring: 'key_expiring' } as const;

/** The threshold that is chosen: the first that is told; null where none is. */
export function chosenThreshold({ usage_from_percent: from, thresholds }: Pick<Alerts, 'usage_from_percent' | 'thresholds'>): number | null {
  return from === null ? null : (thresholds.find((threshold) => threshold >= from) ?? null);
}

/** The change that a form asks for; null if it is not one. */
export function readAlerts(form: FormData | URLSearchParams): AlertsChange | null {
  const usage = form.get(alertFields.usage);
  const change: AlertsChange = { used_up: form.get(alertFields.usedUp) !== null, key_expiring: form.get(alertFields.keyExpiring) !== null };
  // Where there are no thresholds, there is no choice among them.
  if (usage === null) return change;
  if (usage === 'none') return { ...change, usage_from_percent: null };
  if (typeof usage !== 'string' || !/^\d{1,3}$/.test(usage)) return null;
  return { ...change, usage_from_percent: Number(usage) };
}

/** What of a change differs: an untouched choice stays as it was, whatever thresholds come. */
export function changedAlerts(before: Alerts, change: AlertsChange): AlertsChange {
  const { usage_from_percent: usage, ...rest } = change;
  return usage === undefined || usage === chosenThreshold(before) ? rest : change;
}
