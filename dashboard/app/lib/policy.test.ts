import { describe, expect, test } from 'vitest';
import { messagesIn } from './i18n';
import { amountsOf, choosable, defaultScopes, expiryOf, isWider, lacking, problemsOf, sameScopes, type KeyDraft, type Limits, type Scope } from './policy';

const m = messagesIn('en');
const now = new Date('2026-11-24T20:48:00Z');
const open: Limits = { scopes: ['models', 'usage', 'keys'], allowed_addresses: [], expires_at: null, daily_credit_limit: null, rate_limit_per_minute: null, concurrency_limit: null };
const bound: Limits = {
  scopes: ['usage', 'keys'],
  allowed_addresses: ['10.0.0.0/8', '::1'],
  expires_at: '2027-01-31T12:00:00Z',
  daily_credit_limit: 0,
  rate_limit_per_minute: 30,
  concurrency_limit: 4,
};

test('a key made without scopes has those of its user’s role, and charge is never among them', () => {
  expect((['user', 'service', 'admin'] as const).map((role) => defaultScopes(role).join())).toEqual(['models,usage,keys', 'service', 'models,usage,keys,admin']);
});

test('only what the calling key has can be chosen, and charge only where the key has it', () => {
  expect(choosable(open)).toEqual(['models', 'usage', 'keys']);
  expect(choosable(bound, ['usage', 'charge'])).toEqual(['usage', 'keys']);
  const charging: Limits = { ...open, scopes: ['models', 'charge'] };
  expect(choosable(charging)).toEqual(['models']);
  expect(choosable(charging, ['charge'])).toEqual(['models', 'charge']);
});

test('sets of scopes are the same in any order', () => {
  expect(sameScopes(['usage', 'models'], ['models', 'usage'])).toBe(true);
  expect(sameScopes(['models'], ['models', 'usage'])).toBe(false);
  expect(sameScopes(['models', 'usage'], ['models'])).toBe(false);
  expect(lacking(['models', 'usage'], ['usage'])).toEqual(['models']);
});

test.each<[string, Partial<Limits>, boolean]>([
  ['is as the calling one', {}, false],
  ['has fewer scopes', { scopes: ['usage'] }, false],
  ['has another scope', { scopes: ['models'] }, true],
  ['has a part of the addresses', { allowed_addresses: ['10.1.0.0/16'] }, false],
  ['has other addresses', { allowed_addresses: ['10.1.0.0/16', '192.0.2.1'] }, true],
  ['has every address', { allowed_addresses: [] }, true],
  ['ends earlier', { expires_at: '2027-01-31T11:59:59Z' }, false],
  ['ends later', { expires_at: '2027-01-31T12:00:01Z' }, true],
  ['never ends', { expires_at: null }, true],
  ['has a smaller limit', { rate_limit_per_minute: 29, concurrency_limit: 1 }, false],
  ['has more credits a day', { daily_credit_limit: 1 }, true],
  ['has no limit of credits a day', { daily_credit_limit: null }, true],
  ['has more requests a minute', { rate_limit_per_minute: 31 }, true],
  ['has no limit of requests at once', { concurrency_limit: null }, true],
])('a key that %s: wider %#', (_, difference, wider) => {
  expect(isWider({ ...bound, ...difference }, bound)).toBe(wider);
  expect(isWider({ ...bound, ...difference }, { ...open, scopes: ['models', 'usage', 'keys'] })).toBe(false);
});

test('a new key has the limits of the calling one, and none where that has none', () => {
  expect(amountsOf(bound)).toEqual({ daily_credit_limit: 0, rate_limit_per_minute: 30, concurrency_limit: 4 });
  expect(amountsOf({ ...open, concurrency_limit: 2 })).toEqual({ concurrency_limit: 2 });
  expect(amountsOf(open)).toEqual({});
  expect(amountsOf(null)).toEqual({});
});

test('a key ends with its last day, or on the calling key’s last day with that key', () => {
  expect(expiryOf({ expires: '' }, null)).toBeNull();
  expect(expiryOf({ expires: '2027-01-31' }, null)).toBe('2027-01-31T23:59:59Z');
  expect(expiryOf({ expires: '2027-01-31' }, bound.expires_at)).toBe('2027-01-31T12:00:00Z');
  expect(expiryOf({ expires: '2027-01-30' }, bound.expires_at)).toBe('2027-01-30T23:59:59Z');
  expect(expiryOf({ expires: '2027-02-01' }, bound.expires_at)).toBe('2027-02-01T23:59:59Z');
});

describe('a form', () => {
  const draft: KeyDraft = { label: '', expires: '', scopes: ['models'], addresses: '' };
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `10.0.0.${i}`).join('\n');
  test.each<[string, Partial<KeyDraft>, Limits | null, Record<string, string>]>([
    ['that says little', {}, open, {}],
    ['before it is known what may be given', { addresses: '192.0.2.1' }, null, {}],
    ['without a scope', { scopes: [] as Scope[] }, open, { scopes: m.keys.scopesEmpty }],
    ['with networks of both kinds', { addresses: '10.0.0.0/8\n2001:db8::/32' }, open, {}],
    ['with 32 addresses', { addresses: lines(32) }, open, {}],
    ['with 33', { addresses: lines(33) }, open, { allowed_addresses: 'At most 32 entries are allowed; you entered 33.' }],
    ['with a name', { addresses: '10.0.0.1\noffice.example' }, open, { allowed_addresses: '“office.example” is not a valid address or network. Examples: 203.0.113.7, 10.0.0.0/8, 2001:db8::/32.' }],
    ['with an address beyond the calling key’s', { addresses: '10.0.0.1 192.0.2.1', expires: '2027-01-01' }, bound, { allowed_addresses: '“192.0.2.1” is outside the addresses of the key you are signed in with.' }],
    ['with no bound where the calling key has some', {}, bound, { allowed_addresses: m.keys.addressMissing, expires_at: m.keys.outlives }],
    ['that ends on the calling key’s last day', { addresses: '::1', expires: '2027-01-31' }, bound, {}],
    ['that ends a day later', { addresses: '::1', expires: '2027-02-01' }, bound, { expires_at: m.keys.outlives }],
    ['that ends today', { expires: '2026-11-24' }, open, {}],
    ['that ended yesterday', { expires: '2026-11-23' }, open, { expires_at: m.keys.past }],
    ['that ends on the last day there is', { expires: '2100-12-31' }, open, {}],
    ['that ends after it', { expires: '2101-01-01' }, open, { expires_at: m.keys.tooLate }],
    ['with half a date', { expires: '2026-99-99' }, open, { expires_at: m.keys.past }],
  ])('%s', (_, difference, own, problems) => {
    expect(problemsOf({ ...draft, ...difference }, own, now, m)).toEqual(problems);
  });

  test('leaves an expiry alone that was not touched, also one that is over', () => {
    expect(problemsOf({ ...draft, expires: '2020-01-01' }, open, now, m, { expires: '2020-01-01' })).toEqual({});
  });
});
