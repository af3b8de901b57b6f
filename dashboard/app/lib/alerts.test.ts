import { describe, expect, test } from 'vitest';
import { changedAlerts, chosenThreshold, readAlerts } from './alerts';
import type { Alerts } from './api';

const thresholds = [50, 80, 100];
const alerts: Alerts = { mail: true, email: 'a@b.c', usage_from_percent: 1, used_up: true, key_expiring: true, thresholds };

test.each([
  ['all of them', 1, 50],
  ['from a threshold on', 80, 80],
  ['from the next one, where the operator has moved it', 60, 80],
  ['none', null, null],
])('the chosen threshold: %s', (_, usage_from_percent, chosen) => {
  expect(chosenThreshold({ usage_from_percent, thresholds })).toBe(chosen);
});

test('none is chosen where all thresholds are lower', () => {
  expect(chosenThreshold({ usage_from_percent: 90, thresholds: [50, 80] })).toBeNull();
});

describe('a form', () => {
  test.each([
    ['usage_from_percent=80&used_up=yes', { usage_from_percent: 80, used_up: true, key_expiring: false }],
    ['usage_from_percent=none&key_expiring=yes', { usage_from_percent: null, used_up: false, key_expiring: true }],
    ['', { used_up: false, key_expiring: false }],
  ])('of %j asks for all that it shows', (body, change) => {
    expect(readAlerts(new URLSearchParams(body))).toEqual(change);
  });

  test.each(['usage_from_percent=', 'usage_from_percent=-1', 'usage_from_percent=8e1', 'usage_from_percent=1234'])('of %j is none', (body) => {
    expect(readAlerts(new URLSearchParams(body))).toBeNull();
  });
});

test('an untouched threshold is not sent, so that “all” stays all when the operator adds one', () => {
  expect(changedAlerts(alerts, { usage_from_percent: 50, used_up: false, key_expiring: true })).toEqual({ used_up: false, key_expiring: true });
  expect(changedAlerts(alerts, { usage_from_percent: 80, used_up: true, key_expiring: true })).toEqual({ usage_from_percent: 80, used_up: true, key_expiring: true });
  expect(changedAlerts(alerts, { usage_from_percent: null, used_up: true, key_expiring: true })).toMatchObject({ usage_from_percent: null });
});
