import type { ModelPrice } from './api';

/*
 * A price by tokens as a table: a row for each kind of token, a column for each
 * set of rates. Which set counts for a call depends on its service tier and on
 * how many tokens it reads.
 */

export type Rates = NonNullable<ModelPrice['credits_per_million']>;
export type TokenKind = keyof Rates;

/** The kinds of tokens that most calls are made of. */
export const mainKinds = ['input', 'cache_read', 'output'] as const satisfies readonly TokenKind[];

export const allKinds = ['input', 'cache_read', 'cache_write', 'cache_write_1h', 'audio_input', 'output', 'audio_output'] as const satisfies readonly TokenKind[];

export interface RateSet {
  /** The service tier that the rates belong to; null for calls without one. */
  tier: string | null;
  /** The number of input tokens above which the rates count; null for smaller calls. */
  above: number | null;
  rates: Rates;
}

/** The sets of rates of a price: first those without a service tier, then each tier's by name, within it by size. None where a request has one price. */
export function rateSets({ credits_per_million: rates, bands, tiers }: ModelPrice): RateSet[] {
  if (rates === null) return [];
  const byName = Object.entries(tiers).sort(([a], [b]) => (a < b ? -1 : 1));
  return [setsOf(null, { credits_per_million: rates, bands }), ...byName.map(([name, tier]) => setsOf(name, tier))].flat();
}

function setsOf(tier: string | null, { credits_per_million: rates, bands }: ModelPrice['tiers'][string]): RateSet[] {
  const sized = bands.map(({ above_input_tokens: above, credits_per_million }) => ({ tier, above, rates: credits_per_million }));
  return [{ tier, above: null, rates }, ...sized];
}
