import { expect, test } from 'vitest';
import { outlookOf } from './credits';

const midnight = '2026-11-30T00:00:00Z';
const december = '2026-12-01T00:00:00Z';
const month = (remaining: number, resets_at = december) => ({ used: 5000 - remaining, held: 0, limit: 5000, remaining, resets_at });

test.each([
  ['a plan without a monthly limit gets its credits at midnight', { remaining: 161, granted: 0, month: null }, { ofPlan: 161, next: 'day', at: midnight }],
  ['so does one that is used up', { remaining: 0, granted: 0, month: null }, { ofPlan: 0, next: 'day', at: midnight }],
  ['and one whose month has more than today', { remaining: 161, granted: 0, month: month(1787) }, { ofPlan: 161, next: 'day', at: midnight }],
  ['a month that leaves less than the day is what resets', { remaining: 40, granted: 0, month: month(40) }, { ofPlan: 40, next: 'month', at: december }],
  ['a month that is used up, too', { remaining: 0, granted: 0, month: month(0) }, { ofPlan: 0, next: 'month', at: december }],
  ['with grants, which are no part of the plan', { remaining: 190, granted: 150, month: month(40) }, { ofPlan: 40, next: 'month', at: december }],
  ['a day that is used up comes back while the month lasts', { remaining: 150, granted: 150, month: month(1000) }, { ofPlan: 0, next: 'day', at: midnight }],
  ['on the last day of a month both reset at once', { remaining: 0, granted: 0, month: month(0, midnight) }, { ofPlan: 0, next: 'day', at: midnight }],
  ['a key with a limit of its own may use less than the grants have', { remaining: 10, granted: 150, month: month(1000) }, { ofPlan: 0, next: 'day', at: midnight }],
])('%s', (_, credits, outlook) => {
  expect(outlookOf({ ...credits, resets_at: midnight })).toEqual(outlook);
});
