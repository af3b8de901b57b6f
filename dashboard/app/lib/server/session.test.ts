import { expect, test } from 'vitest';
import { cleanKey, isSameOrigin, sessionKey } from './session';

test.each([
  ['codexible_x', 'codexible_x'],
  ['  codexible_x\n', 'codexible_x'],
  ['"codexible_x"', 'codexible_x'],
  [' \u201Ccodexible_x\u201D ', 'codexible_x'],
  ['`\'codexible_x\'`', 'codexible_x'],
  ['\u00A0codexible_x\u200B', 'codexible_x'],
  ['codexible "x', 'codexible "x'],
  ['" "', ''],
])('a pasted key %j is read as %j', (pasted, key) => {
  expect(cleanKey(pasted)).toBe(key);
});

test.each([
  ['a page of the dashboard', { 'sec-fetch-site': 'same-origin' }, true],
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://dash.example', host: 'dash.example' }, false],
  ['a sister site', { 'sec-fetch-site': 'same-site' }, false],
  ['an address typed by hand', { 'sec-fetch-site': 'none' }, false],
  ['an old browser on the dashboard', { origin: 'https://dash.example', host: 'dash.example' }, true],
  ['an old browser behind a proxy', { origin: 'https://dash.example', host: 'next:3000', 'x-forwarded-host': 'dash.example' }, true],
  ['an old browser elsewhere', { origin: 'https://evil.example', host: 'dash.example' }, false],
  ['no word of where it comes from', { host: 'dash.example' }, false],
  ['a page without an origin', { origin: 'null', host: 'dash.example' }, false],
])('a call from %s', (_, headers, accepted) => {
  expect(isSameOrigin(new Headers(headers as Record<string, string>))).toBe(accepted);
});

test('over https only the cookie that is bound to https counts', () => {
  const jar = new Map([['codexible_key', { value: 'planted' }]]);
  expect(sessionKey(jar, new Headers({ 'x-forwarded-proto': 'https' }))).toBeNull();
  expect(sessionKey(jar, new Headers({ 'x-forwarded-proto': 'http' }))).toBe('planted');
  jar.set('__Host-codexible_key', { value: 'own' });
  expect(sessionKey(jar, new Headers({ 'x-forwarded-proto': 'https' }))).toBe('own');
});
