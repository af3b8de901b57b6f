import { createServer } from 'node:http';
import { type AddressInfo, BlockList } from 'node:net';
import { expect, test } from 'vitest';
import { settleViewerAddresses, viewerAddress } from './viewer';

function trusting(...subnets: [string, number, 'ipv4' | 'ipv6'][]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) list.addSubnet(...subnet);
  return list;
}

const proxies = trusting(['10.0.0.0', 8, 'ipv4'], ['fd00::', 8, 'ipv6']);

test.each([
  ['a header from an untrusted address is ignored', '203.0.113.9', '198.51.100.7', '203.0.113.9'],
  ['a proxy’s word counts', '10.0.0.2', '198.51.100.7', '198.51.100.7'],
  ['only as far as trusted proxies vouch', '10.0.0.2', '1.1.1.1, 198.51.100.7, 10.9.9.9', '198.51.100.7'],
  ['a proxy that forwards nothing is the viewer', '10.0.0.2', undefined, '10.0.0.2'],
  ['nonsense ends the chain', '10.0.0.2', '198.51.100.7, unknown', '10.0.0.2'],
  ['IPv4 in IPv6 is IPv4', '::ffff:10.0.0.2', '198.51.100.7', '198.51.100.7'],
  ['ports and brackets are dropped', '10.0.0.2', '[2001:db8::1]:4711', '2001:db8::1'],
  ['ports are dropped', '10.0.0.2', '198.51.100.7:4711', '198.51.100.7'],
  ['a proxy on IPv6', 'fd00::1', '2001:db8::1', '2001:db8::1'],
])('%s', (_, peer, forwardedFor, viewer) => {
  expect(viewerAddress(peer, forwardedFor, proxies)).toBe(viewer);
});

test('a request handler sees the viewer’s address whatever the browser claims', async () => {
  settleViewerAddresses(proxies);
  const server = createServer((request, response) => response.end(String(request.headers['x-forwarded-for'])));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const claimed = await fetch(url, { headers: { 'X-Forwarded-For': '198.51.100.7', Connection: 'close' } });
  const plain = await fetch(url, { headers: { Connection: 'close' } });
  expect([await claimed.text(), await plain.text()]).toEqual(['127.0.0.1', '127.0.0.1']);
  await new Promise((stopped) => server.close(stopped));
});
