import type { Credits } from './api';

/*
 * How much an account can still use, and when it gets more. A charge takes the
 * plan's credits first, which both the day and the month limit, then grants.
 */

export interface Outlook {
  /** What of the plan's credits can be used at once. */
  ofPlan: number;
  /** Which limit has to reset before there are more of them, and when it does. */
  next: 'day' | 'month';
  at: string;
}

export function outlookOf({ remaining, granted, resets_at: midnight, month }: Pick<Credits, 'remaining' | 'granted' | 'resets_at' | 'month'>): Outlook {
  const ofPlan = Math.max(0, remaining - granted);
  // A month that has no more than what can be used at once gives nothing at midnight, unless it ends with the day.
  if (month && month.remaining <= ofPlan && month.resets_at !== midnight) return { ofPlan, next: 'month', at: month.resets_at };
  return { ofPlan, next: 'day', at: midnight };
}
