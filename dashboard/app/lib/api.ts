import type { paths } from './api-types';

/*
 * The reference client of Codexible's customer API: one function for each
 * endpoint, typed by the OpenAPI document. Nothing here throws for what the
 * network or the service may do; a caller gets a value either way.
 */

type Success<Operation> = Operation extends {
  responses: { 200: { content: { 'application/json': infer Answer } } };
}
  ? Answer
  : never;
type Body<Operation> = Operation extends {
  requestBody?: infer Content | undefined;
}
  ? NonNullable<Content> extends { content: { 'application/json': infer Payload } }
    ? Payload
    : never
  : never;

export type Validation = Success<paths['/api/auth/validate']['post']>;
export type Account = NonNullable<Validation['user']>;
export type Overview = Success<paths['/api/dashboard/overview']['get']> & { user: Account };
/** What the service says to a link, or to what a provider sent back. */
export type SignedIn = Success<paths['/api/session']['post']>;
export type SignInWays = Success<paths['/api/session/options']['get']>;
export type Role = Overview['role'];
export type Key = Success<paths['/api/keys']['get']>[number];
export type NewKey = Body<paths['/api/keys']['post']>;
export type MintedKey = Success<paths['/api/keys']['post']>;
export type KeyChange = Body<paths['/api/keys/{id}']['patch']>;
export type Revocation = Success<paths['/api/keys/{id}']['delete']>;
export type Model = Success<paths['/api/models']['get']>[number];
export type ModelPrice = NonNullable<Model['price']>;
export type Today = Success<paths['/api/usage/today']['get']>;
export type UsageDay = Success<paths['/api/usage/history']['get']>[number];
export type Charge = Success<paths['/api/usage/detailed']['get']>[number];
export type ExplainedCharge = Success<paths['/api/usage/charges/{id}']['get']>;
export type Credits = Success<paths['/api/usage/credits']['get']>;
export type FailedCall = Success<paths['/api/usage/refusals']['get']>[number];
export type ModelSpeed = Success<paths['/api/usage/speed']['get']>[number];
export type Alerts = Success<paths['/api/alerts']['get']>;
export type AlertsChange = Body<paths['/api/alerts']['patch']>;
export type ModelUsage = Success<paths['/api/usage/models']['get']>[number];
export type UsageHour = Success<paths['/api/usage/hourly']['get']>[number];

/** Why a call has no value, by what the caller can do about it. */
export type ApiError =
  /** Nobody answered: offline, refused, reset or timed out. Trying again may help. */
  | { kind: 'network' }
  /** The page's own Content-Security-Policy stopped the call; only a deployment can correct it. */
  | { kind: 'csp' }
  /** 401: the key is missing, unknown, disabled, revoked or expired. Sign in again. */
  | { kind: 'unauthorized' }
  /** 403: the account is suspended. */
  | { kind: 'suspended' }
  /** 403 `insufficient_scope`: the key may not do this, or may not give another key this much. */
  | { kind: 'insufficient_scope'; message: string }
  /** 403 `ip_not_allowed`: the key may not be used from the viewer's address. */
  | { kind: 'ip_not_allowed' }
  /** 429 `rate_limited`: the window has room after `retryAfterSeconds`. */
  | { kind: 'rate_limited'; retryAfterSeconds: number }
  /** 429 `quota_exceeded`: the day's credits are used up until `resetsAt`, the next midnight UTC. */
  | { kind: 'quota_exceeded'; resetsAt: string; message: string }
  /** 404: it does not exist, or belongs to another user. */
  | { kind: 'not_found' }
  /** 409: another change came first. Reload, then decide again. */
  | { kind: 'conflict'; message: string }
  /** 400, 413, 415 and 422: the request cannot be taken; `fields` says which value and why. */
  | { kind: 'invalid'; message: string; fields: Record<string, string> }
  /** 5xx, or an answer that is not the API's. Trying again may help. */
  | { kind: 'server'; status: number; requestId: string | null };

export type Result<T> = { ok: true; value: T } | { ok: false; error: ApiError };

/** How to reach the API: where it is, and what to send with every call. */
export interface Connection {
  /** What stands before `/api/…`, without a slash at its end. */
  baseUrl: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** The browser's way: the dashboard's own server, which alone knows the key. */
export const ownServer: Connection = { baseUrl: '/dashboard' };

/** The code that the dashboard's server answers with when the API gave it no answer at all. */
export const unreachableCode = 'api_unreachable';

const minute = 60;

interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Sends one call and turns whatever happens into a value. */
export async function send<T>(call: Call, via: Connection): Promise<Result<T>> {
  const url = via.baseUrl + call.path + queryString(call.query);
  const blocked = watchPolicy(url);
  try {
    const headers: Record<string, string> = { Accept: 'application/json', ...via.headers, ...call.headers };
    const init: RequestInit = { method: call.method, headers, cache: 'no-store' };
    if (call.body !== undefined) {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(call.body);
    }
    if (via.signal) init.signal = via.signal;
    const response = await fetch(url, init);
    return await read<T>(response);
  } catch {
    return { ok: false, error: { kind: (await blocked.happened()) ? 'csp' : 'network' } };
  } finally {
    blocked.stop();
  }
}

function queryString(query: Call['query']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `?${text}` : '';
}

/** Turns an answer, of whatever kind, into a value. */
export async function read<T>(response: Response): Promise<Result<T>> {
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (response.ok && body !== undefined) return { ok: true, value: body as T };
  return { ok: false, error: errorOf(response.status, response.headers, body, new Date()) };
}

/** Maps a refusal in the contract's shape, or anything else that is not a success, to an ApiError. */
export function errorOf(status: number, headers: Headers, body: unknown, now: Date): ApiError {
  const refusal = asRefusal(body);
  const message = refusal?.message ?? '';
  switch (status) {
    case 401:
      return { kind: 'unauthorized' };
    case 403:
      if (refusal?.code === 'insufficient_scope') return { kind: 'insufficient_scope', message };
      return { kind: refusal?.code === 'ip_not_allowed' ? 'ip_not_allowed' : 'suspended' };
    case 404:
      return { kind: 'not_found' };
    case 409:
      return { kind: 'conflict', message };
    case 400:
    case 413:
    case 415:
    case 422:
      return { kind: 'invalid', message, fields: refusal?.fields ?? {} };
    case 429:
      return refusal?.code === 'quota_exceeded'
        ? { kind: 'quota_exceeded', resetsAt: nextMidnightUtc(now).toISOString(), message }
        : { kind: 'rate_limited', retryAfterSeconds: retryAfterSeconds(headers, now) ?? minute };
    default:
      if (refusal?.code === unreachableCode) return { kind: 'network' };
      return { kind: 'server', status, requestId: refusal?.requestId ?? headers.get('X-Request-Id') };
  }
}

interface Refusal {
  code: string;
  message: string;
  requestId: string | null;
  fields: Record<string, string>;
}

function asRefusal(body: unknown): Refusal | null {
  const error = isObject(body) ? body.error : undefined;
  if (!isObject(error) || typeof error.code !== 'string') return null;
  const fields: Record<string, string> = {};
  for (const [name, problem] of Object.entries(isObject(error.fields) ? error.fields : {})) {
    if (typeof problem === 'string') fields[name] = problem;
  }
  return {
    code: error.code,
    message: typeof error.message === 'string' ? error.message : '',
    requestId: typeof error.request_id === 'string' ? error.request_id : null,
    fields,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads Retry-After as whole seconds, at least 1; it may also be an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterSeconds(headers: Headers, now: Date): number | null {
  const value = headers.get('Retry-After')?.trim();
  if (!value) return null;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - now.getTime()) / 1000);
  return Number.isFinite(seconds) ? Math.max(1, seconds) : null;
}

/** The moment at which every quota resets next. */
export function nextMidnightUtc(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
}

/*
 * fetch rejects with the same TypeError whether the network or a
 * Content-Security-Policy stopped it. Only the document hears of the latter,
 * by an event that is queued behind the rejection.
 */
function watchPolicy(url: string): { happened: () => Promise<boolean>; stop: () => void } {
  if (typeof document === 'undefined') return { happened: () => Promise.resolve(false), stop: () => undefined };
  let seen = false;
  const target = new URL(url, document.baseURI);
  const listen = (event: SecurityPolicyViolationEvent) => {
    // A browser may report only the origin of what it blocked.
    if (event.effectiveDirective === 'connect-src' && target.href.startsWith(event.blockedURI)) seen = true;
  };
  document.addEventListener('securitypolicyviolation', listen);
  return {
    happened: async () => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      return seen;
    },
    stop: () => document.removeEventListener('securitypolicyviolation', listen),
  };
}

/** Asks whether a key may be used. A key that may not is an answer with `valid: false`, not an error. */
export function validateToken(token: string, via = ownServer): Promise<Result<Validation>> {
  return send({ method: 'POST', path: '/api/auth/validate', body: { token } }, via);
}

/** The user, today's usage and the calling key. */
export function getDashboardOverview(via = ownServer): Promise<Result<Overview>> {
  return send({ method: 'GET', path: '/api/dashboard/overview' }, via);
}

/** A page of the user's keys that are not revoked, newest first; `after` is the id of the last key of the page before. */
export function listKeys(page: { limit?: number; after?: string | undefined } = {}, via = ownServer): Promise<Result<Key[]>> {
  return send({ method: 'GET', path: '/api/keys', query: page }, via);
}

/** The most keys that one page holds. */
export const maxKeyPage = 200;

/** The first `count` keys, or all where there are fewer, page after page. */
export async function listFirstKeys(count: number, via = ownServer): Promise<Result<Key[]>> {
  const keys: Key[] = [];
  while (keys.length < count) {
    const limit = Math.min(maxKeyPage, count - keys.length);
    const page = await listKeys({ limit, after: keys.at(-1)?.id }, via);
    if (!page.ok) return page;
    keys.push(...page.value);
    if (page.value.length < limit) break;
  }
  return { ok: true, value: keys };
}

/** Makes a key. The answer is the only one that ever holds it. */
export function createKey(key: NewKey, via = ownServer): Promise<Result<MintedKey>> {
  return send({ method: 'POST', path: '/api/keys', body: key }, via);
}

/** Changes a key, disables or enables it; what is left out stays. `expires_at: null` removes the expiry. */
export function updateKey(id: string, change: KeyChange, via = ownServer): Promise<Result<{ updated: boolean }>> {
  return send({ method: 'PATCH', path: keyPath(id), body: change }, via);
}

/** Revokes a key at once and for good; with `withCreated` also the keys that it made, and those that these made. */
export function revokeKey(id: string, withCreated = false, via = ownServer): Promise<Result<Revocation>> {
  return send({ method: 'DELETE', path: keyPath(id), query: { with_created: withCreated || undefined } }, via);
}

/** Gives a key another secret; the old one stops after `graceSeconds` (0 to 604 800). */
export function rotateKey(id: string, graceSeconds: number, via = ownServer): Promise<Result<MintedKey>> {
  return send({ method: 'POST', path: `${keyPath(id)}/rotate`, body: { grace_seconds: graceSeconds } }, via);
}

function keyPath(id: string): string {
  return `/api/keys/${encodeURIComponent(id)}`;
}

/** The models that the key may use, with their prices in credits. */
export function listModels(via = ownServer): Promise<Result<Model[]>> {
  return send({ method: 'GET', path: '/api/models' }, via);
}

/** Today's credits and requests over all the user's keys. */
export function getUsageToday(via = ownServer): Promise<Result<Today>> {
  return send({ method: 'GET', path: '/api/usage/today' }, via);
}

/** One row per day, oldest first, today last. */
export function getUsageHistory(days: number, via = ownServer): Promise<Result<UsageDay[]>> {
  return send({ method: 'GET', path: '/api/usage/history', query: { days } }, via);
}

/** Single charges, newest first. */
export function getUsageDetailed(
  page: { days?: number; limit?: number; offset?: number },
  via = ownServer,
): Promise<Result<Charge[]>> {
  return send({ method: 'GET', path: '/api/usage/detailed', query: page }, via);
}

/** Usage by model, dearest first. */
export function getUsageModels(days: number, via = ownServer): Promise<Result<ModelUsage[]>> {
  return send({ method: 'GET', path: '/api/usage/models', query: { days } }, via);
}

/** The 24 UTC hours of a date (`YYYY-MM-DD`), today unless given. */
export function getUsageHourly(date?: string, via = ownServer): Promise<Result<UsageHour[]>> {
  return send({ method: 'GET', path: '/api/usage/hourly', query: { date } }, via);
}

/** What the account can still use, and when more comes. */
export function getUsageCredits(via = ownServer): Promise<Result<Credits>> {
  return send({ method: 'GET', path: '/api/usage/credits' }, via);
}

/** What the overview is about: the account with today's usage, and what it can still use. */
export interface TodayFigures {
  overview: Overview;
  credits: Credits;
}

/** Both at once; the first error of the two where there is one. */
export async function getToday(via = ownServer): Promise<Result<TodayFigures>> {
  return bothOf(getDashboardOverview(via), getUsageCredits(via));
}

export async function bothOf(first: Promise<Result<Overview>>, second: Promise<Result<Credits>>): Promise<Result<TodayFigures>> {
  const [overview, credits] = await Promise.all([first, second]);
  if (!overview.ok) return overview;
  return credits.ok ? { ok: true, value: { overview: overview.value, credits: credits.value } } : credits;
}

/** The last calls of models that were refused or failed, newest first, each with what to do. */
export function getUsageRefusals(limit: number, via = ownServer): Promise<Result<FailedCall[]>> {
  return send({ method: 'GET', path: '/api/usage/refusals', query: { limit } }, via);
}

/** How fast each model answered the account's own calls. */
export function getUsageSpeed(days: number, via = ownServer): Promise<Result<ModelSpeed[]>> {
  return send({ method: 'GET', path: '/api/usage/speed', query: { days } }, via);
}

/** Why a charge costs what it does, line by line. */
export function explainCharge(id: string, via = ownServer): Promise<Result<ExplainedCharge>> {
  return send({ method: 'GET', path: `/api/usage/charges/${encodeURIComponent(id)}` }, via);
}

/** Which e-mails the account gets. */
export function getAlerts(via = ownServer): Promise<Result<Alerts>> {
  return send({ method: 'GET', path: '/api/alerts' }, via);
}

/** Chooses which e-mails the account gets; what is left out stays. */
export function updateAlerts(change: AlertsChange, via = ownServer): Promise<Result<Alerts>> {
  return send({ method: 'PATCH', path: '/api/alerts', body: change }, via);
}
