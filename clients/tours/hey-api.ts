import { adminCreateKey, adminCreateUser, charge, createKey, listKeys, models, releaseHold, settleHold, usageDetailed, usageToday, verify } from '../.generated/hey-api/index.js';
import { createClient } from '../.generated/hey-api/client/index.js';
import type { Found, Keys } from './tour.js';

const as = (baseUrl: string, key: string) => createClient({ baseUrl, auth: key });

export async function tour({ url, admin, service }: Keys, name: string): Promise<Found> {
  const operator = { client: as(url, admin), throwOnError: true } as const;
  const { data: user } = await adminCreateUser({ ...operator, body: { email: `${name}@example.com`, plan: 'Pro' } });
  const { data: minted } = await adminCreateKey({ ...operator, body: { user_id: user.id, scopes: ['models', 'usage', 'keys', 'charge'] } });
  const customer = { client: as(url, minted.key), throwOnError: true } as const;
  const { data: second } = await createKey({ ...customer, body: { label: 'second' } });
  const { data: listed } = await listKeys(customer);
  const gateway = { client: as(url, service), throwOnError: true } as const;
  const { data: verdict } = await verify({ ...gateway, body: { key: minted.key, hold: { credits: 5 } } });
  const { data: settled } = await settleHold({ ...gateway, path: { id: verdict.hold_id ?? '' }, body: { credits: 3, cost_usd: 0.000001 } });
  const { data: another } = await verify({ ...gateway, body: { key: minted.key, hold: { credits: 5 } } });
  const { data: released } = await releaseHold({ ...gateway, path: { id: another.hold_id ?? '' } });
  const once = { ...customer, headers: { 'Idempotency-Key': 'tour' }, body: { credits: 2 } };
  await charge(once);
  const { data: repeated } = await charge(once);
  const { data: today } = await usageToday(customer);
  const { data: single } = await usageDetailed({ ...customer, query: { limit: 10 } });
  const { data: offered } = await models(customer);
  const refused = await listKeys({ client: as(url, 'codexible_wrong') });
  return {
    email: user.email,
    label: listed.find((key) => key.id === second.id)?.label ?? '',
    valid: verdict.valid,
    charged: settled.charged,
    released: released.released,
    duplicate: repeated.duplicate,
    used: today.credits_used,
    cost: Math.max(...single.map((line) => line.cost_usd)),
    models: offered.map((model) => model.name),
    refused: refused.response?.status ?? 0,
  };
}
