import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';
import { call, demo, keys, root, start } from './service.mjs';

const Stripe = createRequire(join(root, 'examples/stripe/package.json'))('stripe');
const secret = 'whsec_of_the_example';
const sign = (payload) => new Stripe('sk_test_1').webhooks.generateTestHeaderString({ payload, secret });

/** A Stripe that knows a few objects, in the shapes of its API reference. */
async function fakeStripe(t, objects) {
  const server = createServer((request, response) => {
    const found = objects[new URL(request.url, 'http://stripe').pathname];
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(found ?? { error: { type: 'invalid_request_error', message: 'No such object' } }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

const session = (id, customer, email, more = {}) => ({
  id, object: 'checkout.session', mode: 'payment', payment_status: 'paid', status: 'complete', currency: 'usd', amount_total: 2000,
  customer, customer_details: { email, name: 'Ada', address: null, phone: null, tax_exempt: 'none', tax_ids: [] }, client_reference_id: null, livemode: false, metadata: {}, ...more,
});
const subscription = (status, customer, email) => ({
  id: 'sub_1', object: 'subscription', status, customer: { id: customer, object: 'customer', email }, cancel_at_period_end: false,
  items: { object: 'list', has_more: false, url: '/v1/subscription_items', data: [{ id: 'si_1', object: 'subscription_item', quantity: 1, price: { id: 'price_2', object: 'price', lookup_key: 'pro_monthly', unit_amount: 3000, currency: 'usd' } }] },
});
const lines = (quantity) => ({
  object: 'list', has_more: false, url: '/v1/checkout/sessions/cs_1/line_items',
  data: [{ id: 'li_1', object: 'item', quantity, amount_total: 2000, currency: 'usd', price: { id: 'price_1', object: 'price', lookup_key: 'credits_1000', unit_amount: 1000, currency: 'usd' } }],
});

test('a checkout gives credits once, and a subscription gives a plan', async (t) => {
  const service = await demo(t);
  const objects = { '/v1/checkout/sessions/cs_1/line_items': lines(2), '/v1/checkout/sessions/cs_2/line_items': lines(1), '/v1/subscriptions/sub_1': subscription('active', 'cus_1', 'ada@example.com') };
  const shop = await start(t, process.execPath, [join(root, 'examples/stripe/server.js')], {
    env: { CODEXIBLE_URL: service.url, CODEXIBLE_KEY: keys.admin, STRIPE_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: secret, STRIPE_API: await fakeStripe(t, objects) },
  });
  let n = 0;
  const deliver = async (type, object, signature) => {
    const payload = JSON.stringify({ id: `evt_${++n}`, object: 'event', api_version: '2026-01-28', created: Math.floor(Date.now() / 1000), livemode: false, pending_webhooks: 1, request: { id: null, idempotency_key: null }, type, data: { object } });
    const answer = await fetch(`${shop.url}/stripe`, { method: 'POST', headers: { 'Stripe-Signature': signature ?? sign(payload) }, body: payload });
    return answer.status;
  };
  const user = (id) => call(service.url, keys.admin, `/api/admin/users/external:${id}`);
  const grants = async (id) => (await call(service.url, keys.admin, `/api/admin/users/${(await user(id)).id}/grants`)).map((grant) => grant.credits);

  assert.equal(await deliver('checkout.session.completed', session('cs_1', 'cus_1', 'ada@example.com'), 't=1,v1=00'), 400);
  assert.equal(await deliver('checkout.session.completed', session('cs_1', 'cus_1', 'ada@example.com')), 200);
  assert.equal(await deliver('checkout.session.completed', session('cs_1', 'cus_1', 'ada@example.com')), 200);
  assert.equal(await deliver('checkout.session.async_payment_succeeded', session('cs_1', 'cus_1', 'ada@example.com')), 200);
  assert.deepEqual(await grants('cus_1'), [2000]);
  assert.equal((await user('cus_1')).plan, 'Starter');

  assert.equal(await deliver('checkout.session.completed', session('cs_2', 'cus_2', 'demo@codexible.me', { payment_status: 'unpaid' })), 200);
  assert.equal(await deliver('checkout.session.async_payment_succeeded', session('cs_2', 'cus_2', 'demo@codexible.me')), 200);
  assert.deepEqual(await grants('cus_2'), [1000]);
  assert.equal((await user('cus_2')).email, 'demo@codexible.me');

  assert.equal(await deliver('customer.subscription.created', { id: 'sub_1', object: 'subscription', status: 'incomplete' }), 200);
  assert.equal((await user('cus_1')).plan, 'Pro');
  objects['/v1/subscriptions/sub_1'] = subscription('canceled', 'cus_1', 'ada@example.com');
  assert.equal(await deliver('customer.subscription.deleted', { id: 'sub_1', object: 'subscription', status: 'canceled' }), 200);
  assert.equal(await deliver('customer.subscription.updated', { id: 'sub_1', object: 'subscription', status: 'active' }), 200); // it comes late
  assert.equal((await user('cus_1')).plan, 'Starter');

  delete objects['/v1/subscriptions/sub_1'];
  assert.equal(await deliver('customer.subscription.updated', { id: 'sub_1', object: 'subscription' }), 500);
  assert.equal(await deliver('invoice.created', { id: 'in_1', object: 'invoice' }), 200);
});
