// Clients that are generated from the OpenAPI document, and the package that has one.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { here, run } from '../generate.js';
import { tour as openapiFetch } from '../tours/openapi-fetch.ts';
import { tour as heyAPI } from '../tours/hey-api.ts';
import { FailedError, RefusedError, UnsettledError, codexible, withHold } from '../typescript/src/index.ts';
import { url } from '../target.js';

const admin = process.env.CLIENTS_ADMIN;
const service = process.env.CLIENTS_GATEWAY;

test('generated clients compile as they are', () => {
  run('tsc', '-p', '.');
  run('tsc', '-p', 'typescript', '--noEmit');
}, 120_000);

test('the package has the types of the document', () => {
  const made = readFileSync(`${here}.generated/openapi-fetch.ts`, 'utf8');
  expect(readFileSync(`${here}typescript/src/schema.ts`, 'utf8') === made, 'typescript/src/schema.ts is out of date; run: make clients').toBe(true);
});

test.each([
  ['openapi-fetch', openapiFetch],
  ['hey-api', heyAPI],
])('%s goes the tour', async (name, tour) => {
  expect(await tour({ url, admin, service }, name)).toEqual({
    email: `${name}@example.com`,
    label: 'second',
    valid: true,
    charged: 3,
    released: true,
    duplicate: true,
    used: 5,
    cost: 0.000001,
    models: expect.arrayContaining(['plain']),
    refused: 401,
  });
});

describe('withHold', () => {
  const gateway = codexible({ url, key: service });
  let people = 0;

  /** A new customer: his key, and what his day has used and holds. */
  async function customer() {
    const operator = codexible({ url, key: admin });
    const { data: user } = await operator.POST('/api/admin/users', { body: { email: `held${++people}@example.com`, plan: 'Pro' } });
    const { data: minted } = await operator.POST('/api/admin/tokens', { body: { user_id: user.id } });
    const state = async () => {
      const { data } = await gateway.POST('/api/keys/verify', { body: { key: minted.key } });
      return { used: data.credits.used, held: data.credits.held };
    };
    return { key: minted.key, state };
  }

  test('charges what the work used', async () => {
    const { key, state } = await customer();
    const { value, settlement } = await withHold(gateway, { key, hold: { credits: 10 } }, async (held) => {
      expect(await state()).toEqual({ used: 0, held: 10 });
      expect(held.verdict.user.plan).toBe('Pro');
      return { value: 'text', used: { credits: 4 } };
    });
    expect(value).toBe('text');
    expect(settlement).toMatchObject({ charged: 4, uncollected: 0, duplicate: false });
    expect(await state()).toEqual({ used: 4, held: 0 });
  });

  test('releases the hold of work that fails, or charges what was delivered', async () => {
    const { key, state } = await customer();
    const broken = new Error('the provider broke off');
    await expect(withHold(gateway, { key, hold: { credits: 10 } }, async () => { throw broken; })).rejects.toBe(broken);
    expect(await state()).toEqual({ used: 0, held: 0 });
    await expect(withHold(gateway, { key, hold: { credits: 10 } }, async (held) => { held.delivered({ credits: 3 }); throw broken; })).rejects.toBe(broken);
    expect(await state()).toEqual({ used: 3, held: 0 });
  });

  test('says why a call is refused', async () => {
    const { key } = await customer();
    const work = async () => { throw new Error('it worked without a hold'); };
    const refused = await withHold(gateway, { key, hold: { credits: 1_000_000 } }, work).catch((error) => error);
    expect(refused).toBeInstanceOf(RefusedError);
    expect(refused.verdict.code).toBe('QUOTA_EXCEEDED');
    const failed = await withHold(codexible({ url, key }), { key, hold: { credits: 1 } }, work).catch((error) => error);
    expect(failed).toBeInstanceOf(FailedError);
    expect(failed).toMatchObject({ status: 403, requestId: expect.any(String) });
    expect(failed.message).not.toContain(key);
  });

  test('charges once though answers are lost', async () => {
    const { key, state } = await customer();
    let n = 0;
    const losing = codexible({
      url,
      key: service,
      fetch: async (request) => {
        const answer = await fetch(request);
        n++;
        if (n % 3 === 1) throw new TypeError('fetch failed');
        return n % 3 === 2 ? new Response('{}', { status: 503, headers: { 'retry-after': '0' } }) : answer;
      },
    });
    const { settlement } = await withHold(losing, { key, hold: { credits: 10 } }, async () => ({ value: null, used: { credits: 5 } }));
    expect(settlement).toMatchObject({ charged: 5, duplicate: true });
    expect(n).toBe(6);
    expect(await state()).toEqual({ used: 5, held: 0 });
  });

  test('keeps what the work returned where its hold cannot be settled', async () => {
    const { key } = await customer();
    const error = await withHold(gateway, { key, hold: { credits: 1, ttl_seconds: 10 } }, async () => ({ value: 'text', used: { credits: -1 } })).catch((e) => e);
    expect(error).toBeInstanceOf(UnsettledError);
    expect(error.value).toBe('text');
    expect(error.cause).toMatchObject({ status: 422 });
  });
});
