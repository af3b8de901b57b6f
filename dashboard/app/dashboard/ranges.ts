/** The ranges that the overview offers, in days with today the last. */
export const ranges = [7, 30, 90] as const;
export type Days = (typeof ranges)[number];

export const pageRows = 20;

/** The days whose calls say how fast a model answers. */
export const speedDays = 30;

/** How many of the last refusals the overview loads, and how many it shows at first. */
export const mostRefusals = 20;
export const firstRefusals = 5;

/** The range that an address asks for, 30 days unless it is one of them. */
export function daysFrom(value: string | string[] | undefined): Days {
  return ranges.find((days) => String(days) === value) ?? 30;
}

/** A page of charges and one row more, to know whether another page follows. */
export function chargesPage(days: Days, page: number) {
  return { days, limit: pageRows + 1, offset: page * pageRows };
}
