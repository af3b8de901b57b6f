import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { url } from '../target.js';

const got = [];
const receiver = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    got.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
    response.writeHead(204).end();
  });
});
let webhook;

async function call(method, path, body) {
  const headers = { Authorization: `Bearer ${process.env.CLIENTS_ADMIN}`, ...(body && { 'Content-Type': 'application/json' }) };
  const response = await fetch(`${url}/api/admin/webhooks${path}`, { method, headers, body: body && JSON.stringify(body) });
  expect(response.status).toBe(200);
  return response.json();
}

beforeAll(async () => {
  await new Promise((listening) => receiver.listen(0, '127.0.0.1', listening));
  webhook = await call('POST', '', { url: `http://127.0.0.1:${receiver.address().port}/in` });
});

afterAll(() => receiver.close());

async function delivered() {
  const delivery = await call('POST', `/${webhook.id}/test`);
  expect(delivery.status).toBe('delivered');
  return { delivery, ...got.at(-1) };
}

test('an event is verified by an independent implementation', async () => {
  const { delivery, headers, body } = await delivered();
  expect(headers['webhook-id']).toBe(delivery.id);
  expect(body).toBe(delivery.payload);
  expect(new Webhook(webhook.secret).verify(body, headers)).toEqual({ type: 'webhook.test', timestamp: expect.any(String), data: { webhook_id: webhook.id } });
  expect(() => new Webhook(webhook.secret).verify(body.replace('webhook.test', 'key.created'), headers)).toThrow('No matching signature found');
  expect(() => new Webhook(webhook.secret).verify(body, { ...headers, 'webhook-id': webhook.id })).toThrow('No matching signature found');
});

test('while secrets overlap either verifies, and afterwards the other one alone', async () => {
  const before = webhook.secret;
  const { secret } = await call('POST', `/${webhook.id}/rotate-secret`, { overlap_seconds: 3600 });
  const both = await delivered();
  for (const each of [before, secret]) expect(new Webhook(each).verify(both.body, both.headers)).toMatchObject({ type: 'webhook.test' });
  const last = await call('POST', `/${webhook.id}/rotate-secret`, { overlap_seconds: 0 });
  const one = await delivered();
  expect(new Webhook(last.secret).verify(one.body, one.headers)).toMatchObject({ type: 'webhook.test' });
  for (const each of [before, secret]) expect(() => new Webhook(each).verify(one.body, one.headers)).toThrow('No matching signature found');
});
