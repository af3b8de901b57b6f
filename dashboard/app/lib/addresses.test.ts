import { expect, test } from 'vitest';
import { entriesOf, isWithin, parseNetwork } from './addresses';

test.each([
  ['203.0.113.7', 4, 0xcb007107n, 32],
  ['10.1.2.3/8', 4, 0x0a000000n, 8],
  ['0.0.0.0/0', 4, 0n, 0],
  ['2001:db8::/32', 6, 0x20010db8n << 96n, 32],
  ['::', 6, 0n, 128],
  ['::1', 6, 1n, 128],
  ['1:2:3:4:5:6:7:8', 6, 0x00010002000300040005000600070008n, 128],
  ['1:2:3:4:5:6:7::', 6, 0x00010002000300040005000600070000n, 128],
  ['64:ff9b::192.0.2.33', 6, (0x0064ff9bn << 96n) | 0xc0000221n, 128],
  ['FE80::A/64', 6, 0xfe80n << 112n, 64],
  ['::ffff:192.0.2.1', 4, 0xc0000201n, 32],
  ['::ffff:10.0.0.0/104', 4, 0x0a000000n, 8],
] as const)('%s is a network', (text, family, address, length) => {
  expect(parseNetwork(text)).toEqual({ family, address, length });
});

test.each([
  '', 'localhost', '10.0.0', '10.0.0.256', '10.0.0.01', '10.0.0.1/33', '10.0.0.1/', '10.0.0.1/08', '10.0.0.1/+8', '10.0.0.0/8/8', '10.0.0.1:80',
  '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', '1:2:3:4:5:6:7::8', ':::', ':1', '1:', '12345::', 'g::', '::1/129', 'fe80::1%eth0', '[::1]', '::1.2.3', '1.2.3.4::', '::ffff:0:0/95',
])('%j is none', (text) => {
  expect(parseNetwork(text)).toBeNull();
});

test('a network lies in one that is as wide or wider, and of its own family', () => {
  const limits = ['10.0.0.0/8', '2001:db8::/32'];
  expect(['10.0.0.0/8', '10.9.8.7', '10.1.0.0/16', '2001:db8:1::/48', '::ffff:10.0.0.1'].map((entry) => isWithin(entry, limits))).toEqual(Array(5).fill(true));
  expect(['11.0.0.1', '10.0.0.0/7', '0.0.0.0/0', '2001:db9::1', '::/0', 'nonsense'].map((entry) => isWithin(entry, limits))).toEqual(Array(6).fill(false));
  expect(isWithin('0.0.0.0/0', [])).toBe(true);
});

test('entries stand one a line, or with blanks or commas between, and count once', () => {
  expect(entriesOf(' 10.0.0.0/8\r\n\n::1, 203.0.113.7;::1\t')).toEqual(['10.0.0.0/8', '::1', '203.0.113.7']);
  expect(entriesOf(' \n')).toEqual([]);
});
