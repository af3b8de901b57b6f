import { entriesOf, isWithin, parseNetwork } from './addresses';
import type { Key, Role } from './api';
import { fill, type Messages } from './i18n';

/*
 * What a key can do, and what the current key can grant another: no other scopes,
 * no further addresses, no later expiry and no greater limits than its own.
 */

export type Scope = Key['scopes'][number];

/** What bounds the keys that a key makes; the calling key's own policy. */
export type Limits = Pick<Key, 'scopes' | 'allowed_addresses' | 'expires_at' | AmountLimit>;

/** What bounds the keys that a session makes: it can do all that the account can, from everywhere. */
export const sessionLimits: Limits = {
  scopes: ['models', 'usage', 'keys'],
  allowed_addresses: [],
  expires_at: null,
  daily_credit_limit: null,
  rate_limit_per_minute: null,
  concurrency_limit: null,
};

/** A key's own limit of an amount, by the service's name of it; null for none. */
export type AmountLimit = 'daily_credit_limit' | 'rate_limit_per_minute' | 'concurrency_limit';

export const amountLimits: readonly AmountLimit[] = ['daily_credit_limit', 'rate_limit_per_minute', 'concurrency_limit'];

/** The scopes in the order in which the service writes them. */
const allScopes: readonly Scope[] = ['models', 'usage', 'keys', 'charge', 'service', 'admin'];

/** The last day that the service takes for an expiry. */
export const lastDay = '2100-12-31';

/** What a program needs: it calls models and sees how much it has used. */
export const programScopes: readonly Scope[] = ['models', 'usage'];

/** The most that a list of addresses may hold. */
export const maxAddresses = 32;

/** What a key of a user with this role has when it is made without scopes being named. */
export function defaultScopes(role: Role): readonly Scope[] {
  if (role === 'service') return ['service'];
  return role === 'admin' ? ['models', 'usage', 'keys', 'admin'] : ['models', 'usage', 'keys'];
}

/** The scopes of `wanted` that are not in `held`. */
export function lacking(wanted: readonly Scope[], held: readonly Scope[]): Scope[] {
  return wanted.filter((scope) => !held.includes(scope));
}

/** What can be chosen for a key: what the calling key has. Only an operator grants charge, so only a key that has it can keep it. */
export function choosable(own: Limits, before: readonly Scope[] = []): Scope[] {
  return allScopes.filter((scope) => own.scopes.includes(scope) && (scope !== 'charge' || before.includes(scope)));
}

export function sameScopes(one: readonly Scope[], other: readonly Scope[]): boolean {
  return lacking(one, other).length === 0 && lacking(other, one).length === 0;
}

/** Whether a key may do more than the calling one, which then can only disable or revoke it. */
export function isWider(key: Limits, own: Limits): boolean {
  return (
    lacking(key.scopes, own.scopes).length > 0 ||
    (own.allowed_addresses.length > 0 && key.allowed_addresses.length === 0) ||
    !key.allowed_addresses.every((entry) => isWithin(entry, own.allowed_addresses)) ||
    isLater(key.expires_at, own.expires_at) ||
    amountLimits.some((name) => isGreater(key[name], own[name]))
  );
}

function isGreater(amount: number | null, limit: number | null): boolean {
  return limit !== null && (amount === null || amount > limit);
}

/** The limits that a new key has to have: those of the calling key. */
export function amountsOf(own: Limits | null): Partial<Record<AmountLimit, number>> {
  const set = amountLimits.flatMap((name) => (own?.[name] == null ? [] : [[name, own[name]]]));
  return Object.fromEntries(set) as Partial<Record<AmountLimit, number>>;
}

function isLater(end: string | null, limit: string | null): boolean {
  return limit !== null && (end === null || Date.parse(end) > Date.parse(limit));
}

/** What a form holds about a key; `expires` is a UTC date or empty, `addresses` as typed. */
export interface KeyDraft {
  label: string;
  expires: string;
  scopes: readonly Scope[];
  addresses: string;
}

/** The end of the chosen UTC day, or the moment of that day at which the calling key itself ends; null for a key that does not expire. */
export function expiryOf(draft: Pick<KeyDraft, 'expires'>, limit: string | null): string | null {
  if (!draft.expires) return null;
  const end = `${draft.expires}T23:59:59Z`;
  return limit?.slice(0, 10) === draft.expires && isLater(end, limit) ? limit : end;
}

/** What is wrong with a form, by the service's name of the field; empty where nothing is. `before` is what an untouched expiry keeps. */
export function problemsOf(draft: KeyDraft, own: Limits | null, now: Date, m: Messages, before: Pick<KeyDraft, 'expires'> | null = null): Record<string, string> {
  const found = {
    scopes: draft.scopes.length === 0 ? m.keys.scopesEmpty : null,
    allowed_addresses: addressProblem(draft.addresses, own?.allowed_addresses ?? [], m),
    expires_at: draft.expires === before?.expires ? null : expiryProblem(draft, own?.expires_at ?? null, now, m),
  };
  return Object.fromEntries(Object.entries(found).flatMap(([field, problem]) => (problem === null ? [] : [[field, problem]])));
}

function addressProblem(text: string, limits: readonly string[], m: Messages): string | null {
  const entries = entriesOf(text);
  const odd = entries.find((entry) => parseNetwork(entry) === null);
  if (odd !== undefined) return fill(m.keys.addressOdd, { entry: odd });
  if (entries.length > maxAddresses) return fill(m.keys.addressMany, { most: maxAddresses, n: entries.length });
  if (entries.length === 0 && limits.length > 0) return m.keys.addressMissing;
  const wide = entries.find((entry) => !isWithin(entry, limits));
  return wide === undefined ? null : fill(m.keys.addressWide, { entry: wide });
}

function expiryProblem(draft: KeyDraft, limit: string | null, now: Date, m: Messages): string | null {
  const end = expiryOf(draft, limit);
  if (isLater(end, limit)) return m.keys.outlives;
  if (end !== null && Date.parse(end) > Date.parse(`${lastDay}T23:59:59Z`)) return m.keys.tooLate;
  return end !== null && !(Date.parse(end) > now.getTime()) ? m.keys.past : null;
}
