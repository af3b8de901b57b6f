// A client of the service, for customers and for services of the operator's own. What is in
// schema.ts is generated from the OpenAPI document.

import createClient, { type Client as FetchClient } from 'openapi-fetch';
import type { components, paths } from './schema.js';

export type { components, paths };
export type Client = FetchClient<paths>;

type Schemas = components['schemas'];
export type VerifyRequest = Schemas['VerifyRequest'];
export type Verdict = Schemas['Verdict'];
export type SettleRequest = Schemas['SettleRequest'];
export type Settlement = Schemas['Settlement'];
export type Delivered = Schemas['Delivered'];

export interface Options {
  /** The address of the service, such as https://api.example.com. */
  url: string;
  key: string;
  /** Used in place of the global fetch. */
  fetch?: (request: Request) => Promise<Response>;
}

/** A client that calls a service with a key. */
export function codexible({ url, key, fetch }: Options): Client {
  return createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` }, ...(fetch && { fetch }) });
}

/** An answer of the service that is no success. */
export class FailedError extends Error {
  override name = 'FailedError';
  readonly code: string | undefined;
  readonly requestId: string | undefined;

  constructor(
    readonly status: number,
    answer: unknown,
  ) {
    const error = (answer as Partial<Schemas['Failure']> | undefined)?.error;
    super(error ? `${error.code}: ${error.message} (request ${error.request_id})` : `the service answered ${status}`);
    this.code = error?.code;
    this.requestId = error?.request_id;
  }
}

/** A key, a rate, a model or a quota that does not allow the call. */
export class RefusedError extends Error {
  override name = 'RefusedError';

  constructor(readonly verdict: Verdict) {
    super(`the call is refused: ${verdict.code}`);
  }
}

/** The work is done and its hold could not be settled; it ends by itself at its deadline. */
export class UnsettledError<T> extends Error {
  override name = 'UnsettledError';

  constructor(
    readonly holdId: string,
    /** What the work returned. */
    readonly value: T,
    cause: unknown,
  ) {
    super(`hold ${holdId} is not settled: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

const attempts = 6;
/** Milliseconds; they double with every attempt up to the longest. A Retry-After counts up to there, too. */
const firstPause = 100;
const longestPause = 5_000;
/** Seconds: how long the service keeps a hold that does not say it. */
const defaultTTL = 600;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Answered<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/**
 * What the service answers to a request, which is repeated while it fails in passing: what is
 * asked must be harmless when it is repeated.
 */
async function retried<T>(ask: () => Promise<Answered<T>>): Promise<T> {
  for (let n = 1; ; n++) {
    let wait = Math.min(firstPause * 2 ** (n - 1), longestPause);
    try {
      const { data, error, response } = await ask();
      if (data !== undefined) return data;
      const passing = response.status === 429 || response.status >= 500;
      if (n === attempts || !passing || response.headers.get('x-should-retry') === 'false') throw new FailedError(response.status, error);
      const asked = Number(response.headers.get('retry-after') ?? 0) * 1_000;
      if (asked > 0) wait = Math.min(Math.max(wait, asked), longestPause);
    } catch (error) {
      if (n === attempts || error instanceof FailedError) throw error;
    }
    await pause(wait);
  }
}

/** An open hold. */
export interface Held {
  readonly id: string;
  /** What the service knows of the key and its user. */
  readonly verdict: Verdict;
  /**
   * Says what has been delivered so far. It is charged if the work fails, and, for a hold that
   * was made with on_expiry charge, if this process dies.
   */
  delivered(so: Delivered): void;
}

/** What the work returns: what the caller gets, and what the call used. */
export interface Worked<T> {
  value: T;
  used: SettleRequest;
}

/**
 * Checks a customer's key, holds what ask.hold says, does the work and charges what it used. The
 * hold is extended while the work lasts. Where the work fails, what it called delivered with is
 * charged, or the hold is released. A key or a quota that does not allow it is a RefusedError, and a
 * settlement that fails an UnsettledError, which has what the work returned.
 */
export async function withHold<T>(
  client: Client,
  ask: VerifyRequest & { hold: Schemas['HoldRequest'] },
  work: (held: Held) => Promise<Worked<T>>,
): Promise<{ value: T; settlement: Settlement }> {
  // Under an idempotency key a repeat makes no second hold.
  const body = { ...ask, idempotency_key: ask.idempotency_key ?? crypto.randomUUID() };
  const verdict = await retried(() => client.POST('/api/keys/verify', { body }));
  if (!verdict.valid) throw new RefusedError(verdict);
  const id = verdict.hold_id;
  if (!id) throw new Error('the service made no hold: say in ask.hold what to hold');

  const params = { path: { id } };
  const settle = (used: SettleRequest) => retried(() => client.POST('/api/holds/{id}/settle', { params, body: used }));
  let delivered: Delivered | undefined;
  const ttl = ask.hold.ttl_seconds ?? defaultTTL;
  const extending = setInterval(() => {
    // One that fails is made up for by the next.
    client.POST('/api/holds/{id}/extend', { params, body: { ttl_seconds: ttl, delivered } }).catch(() => {});
  }, (ttl * 1_000) / 3);

  let worked: Worked<T>;
  try {
    worked = await work({ id, verdict, delivered: (so) => (delivered = so) });
  } catch (error) {
    clearInterval(extending);
    // The error of the work says more than one of giving up; a hold that stays open ends by itself.
    const giveUp = delivered
      ? settle({ credits: delivered.credits, usage: delivered.usage, outcome: 'failed' })
      : retried(() => client.POST('/api/holds/{id}/release', { params }));
    await giveUp.catch(() => {});
    throw error;
  }
  clearInterval(extending);
  try {
    return { value: worked.value, settlement: await settle(worked.used) };
  } catch (error) {
    throw new UnsettledError(id, worked.value, error);
  }
}
