import createClient from 'openapi-fetch';
import type { paths } from '../.generated/openapi-fetch.js';
import type { Found, Keys } from './tour.js';

const as = (url: string, key: string) => createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

function got<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

export async function tour({ url, admin, service }: Keys, name: string): Promise<Found> {
  const operator = as(url, admin);
  const user = got(await operator.POST('/api/admin/users', { body: { email: `${name}@example.com`, plan: 'Pro' } }));
  const minted = got(await operator.POST('/api/admin/tokens', { body: { user_id: user.id, scopes: ['models', 'usage', 'keys', 'charge'] } }));
  const customer = as(url, minted.key);
  const second = got(await customer.POST('/api/keys', { body: { label: 'second' } }));
  const listed = got(await customer.GET('/api/keys'));
  const gateway = as(url, service);
  const verdict = got(await gateway.POST('/api/keys/verify', { body: { key: minted.key, hold: { credits: 5 } } }));
  const settled = got(await gateway.POST('/api/holds/{id}/settle', { params: { path: { id: verdict.hold_id ?? '' } }, body: { credits: 3, cost_usd: 0.000001 } }));
  const another = got(await gateway.POST('/api/keys/verify', { body: { key: minted.key, hold: { credits: 5 } } }));
  const released = got(await gateway.POST('/api/holds/{id}/release', { params: { path: { id: another.hold_id ?? '' } } }));
  const charge = () => customer.POST('/api/usage', { params: { header: { 'Idempotency-Key': 'tour' } }, body: { credits: 2 } });
  await charge();
  const repeated = got(await charge());
  const today = got(await customer.GET('/api/usage/today'));
  const single = got(await customer.GET('/api/usage/detailed', { params: { query: { limit: 10 } } }));
  const models = got(await customer.GET('/api/models'));
  const refused = await as(url, 'codexible_wrong').GET('/api/keys');
  return {
    email: user.email,
    label: listed.find((key) => key.id === second.id)?.label ?? '',
    valid: verdict.valid,
    charged: settled.charged,
    released: released.released,
    duplicate: repeated.duplicate,
    used: today.credits_used,
    cost: Math.max(...single.map((line) => line.cost_usd)),
    models: models.map((model) => model.name),
    refused: refused.response.status,
  };
}
