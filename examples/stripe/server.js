// Sells credits and plans by Stripe: a checkout gives credits, a subscription gives a plan.
//
// Stripe sends events at least once and in any order. So a grant is made under the checkout's id, which a
// repeat cannot give twice, and a plan follows what Stripe says of the subscription when the event is read. An event
// that cannot be carried out is answered with 500, and Stripe sends it again.

import { createServer } from 'node:http';
import { codexible } from 'codexible';
import Stripe from 'stripe';

const env = process.env;
/** What is sold: credits by the name of a checkout's price, plans by the name of a subscription's. */
const offers = JSON.parse(env.OFFERS ?? '{"credits": {"credits_1000": 1000}, "plans": {"pro_monthly": "Pro"}}');
const freePlan = env.FREE_PLAN ?? 'Starter';
const maxBody = 1 << 20;

const api = env.STRIPE_API ? new URL(env.STRIPE_API) : undefined; // a local fake
const stripe = new Stripe(env.STRIPE_KEY, api && { protocol: 'http', host: api.hostname, port: Number(api.port), maxNetworkRetries: 0 });
const operator = codexible({ url: env.CODEXIBLE_URL, key: env.CODEXIBLE_KEY }); // the key of an operator

function done({ data, error, response }, what) {
  if (!response.ok) throw new Error(`${what}: ${error?.error?.code ?? response.status}`);
  return data;
}

/** The user of a customer of Stripe, whose id is the user's external id. */
async function userOf(customer, email) {
  const path = { id: `external:${customer}` };
  const found = await operator.GET('/api/admin/users/{id}', { params: { path } });
  if (found.response.status !== 404) return done(found, 'the user could not be read');
  const made = await operator.POST('/api/admin/users', { body: { email, plan: freePlan, external_id: customer } });
  if (made.response.status !== 409) return done(made, 'the user could not be made');
  // Somebody has the address, or another event was quicker.
  const again = await operator.GET('/api/admin/users/{id}', { params: { path } });
  if (again.response.ok) return again.data;
  const { data } = await operator.GET('/api/admin/users', { params: { query: { q: email } } });
  const same = data?.find((user) => user.email.toLowerCase() === email.toLowerCase() && !user.external_id);
  if (!same) throw new Error('another customer has the address');
  return done(await operator.PATCH('/api/admin/users/{id}', { params: { path: { id: same.id } }, body: { external_id: customer } }), 'the user could not be linked');
}

/** A checkout that is paid: its lines give credits. */
async function paid(session) {
  if (session.mode !== 'payment' || session.payment_status !== 'paid') return;
  const user = await userOf(session.customer, session.customer_details.email);
  const { data: lines } = await stripe.checkout.sessions.listLineItems(session.id, { limit: 100 });
  for (const line of lines) {
    const credits = (offers.credits[line.price.lookup_key] ?? 0) * line.quantity;
    if (!credits) continue;
    done(
      await operator.POST('/api/admin/users/{id}/grants', {
        params: { path: { id: user.id } },
        body: { credits, note: `Stripe checkout ${session.id}`, idempotency_key: `${session.id}/${line.id}` },
      }),
      'the credits could not be granted',
    );
  }
}

/** A subscription as Stripe has it: it gives a plan while it is paid for. */
async function subscribed(id) {
  const subscription = await stripe.subscriptions.retrieve(id, { expand: ['customer'] });
  const user = await userOf(subscription.customer.id, subscription.customer.email);
  const active = ['active', 'trialing', 'past_due'].includes(subscription.status);
  const plan = (active && offers.plans[subscription.items.data[0]?.price.lookup_key]) || freePlan;
  if (user.plan !== plan) done(await operator.PATCH('/api/admin/users/{id}', { params: { path: { id: user.id } }, body: { plan } }), 'the plan could not be changed');
}

async function handle(event) {
  switch (event.type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
      return paid(event.data.object);
    case 'customer.subscription.created':
    case 'customer.subscription.updated':
    case 'customer.subscription.deleted':
      return subscribed(event.data.object.id);
  }
}

createServer(async (request, response) => {
  const answer = (status, text) => response.writeHead(status, { 'Content-Type': 'text/plain' }).end(text);
  if (request.method !== 'POST' || request.url !== '/stripe') return answer(404, 'Stripe sends its events to /stripe.');
  let event;
  try {
    const parts = [];
    let size = 0;
    for await (const part of request) {
      if ((size += part.length) > maxBody) return answer(413, 'The event is too large.');
      parts.push(part);
    }
    event = stripe.webhooks.constructEvent(Buffer.concat(parts), request.headers['stripe-signature'], env.STRIPE_WEBHOOK_SECRET);
  } catch {
    return answer(400, 'The signature is not that of Stripe.');
  }
  try {
    await handle(event);
    answer(200, 'ok');
  } catch (error) {
    console.error(`${event.type} ${event.id}: ${error.message}`);
    answer(500, 'The event was not carried out. Send it again.');
  }
}).listen(Number(env.PORT), '127.0.0.1');
