import { expect, test } from 'vitest';
import type { ModelPrice } from './api';
import { allKinds, mainKinds, rateSets, type Rates } from './prices';

const rates = (input: number): Rates => ({
  input, cache_read: input / 10, cache_write: input * 1.25, cache_write_1h: input * 2, audio_input: input, output: input * 5, audio_output: input * 5,
});

const price: ModelPrice = {
  mode: 'cost', valid_from: '2026-11-01T00:00:00Z', credits_per_million: rates(390), credits_per_request: 0, credits_per_web_search: 1.3,
  bands: [{ above_input_tokens: 200_000, credits_per_million: rates(780) }],
  tiers: {
    priority: { credits_per_million: rates(600), bands: [{ above_input_tokens: 200_000, credits_per_million: rates(1200) }, { above_input_tokens: 500_000, credits_per_million: rates(1800) }] },
    flex: { credits_per_million: rates(195), bands: [] },
  },
};

test('every set of rates of a price has its place, those of most calls first', () => {
  expect(rateSets(price).map(({ tier, above, rates: { input } }) => [tier, above, input])).toEqual([
    [null, null, 390],
    [null, 200_000, 780],
    ['flex', null, 195],
    ['priority', null, 600],
    ['priority', 200_000, 1200],
    ['priority', 500_000, 1800],
  ]);
});

test('a price by request has no rates', () => {
  expect(rateSets({ ...price, mode: 'request', credits_per_million: null, bands: [], tiers: {} })).toEqual([]);
});

test('no kind of token is left out', () => {
  expect([...allKinds].sort()).toEqual(Object.keys(rates(1)).sort());
  expect(mainKinds.every((kind) => allKinds.includes(kind))).toBe(true);
});
