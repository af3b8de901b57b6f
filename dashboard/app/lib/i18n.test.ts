import { expect, test } from 'vitest';
import { docsIn } from '@/app/docs/messages';
import { addDays, chooseLanguage, costDecimals, fill, formatCost, formatDate, formatDay, formatNumber, formatTime, hasCost, localClock, messagesIn, plural } from './i18n';

test.each([
  ['the viewer’s choice comes first', 'vi', 'en-US,en;q=0.9', 'vi'],
  ['a choice that is no language counts for nothing', 'xx', 'vi', 'vi'],
  ['the browser’s first language that there is', undefined, 'fr-FR,vi-VN;q=0.8,en;q=0.5', 'vi'],
  ['quality decides, not order', undefined, 'vi;q=0.3,en;q=0.8', 'en'],
  ['quality 0 means never', undefined, 'vi;q=0', 'en'],
  ['English otherwise', undefined, null, 'en'],
])('language: %s', (_, chosen, accepted, language) => {
  expect(chooseLanguage(chosen, accepted)).toBe(language);
});

/** Every message with its path, like `keys.count.one`. */
function flatten(messages: object, path = ''): [string, string][] {
  return Object.entries(messages).flatMap(([name, message]): [string, string][] =>
    typeof message === 'string' ? [[path + name, message]] : flatten(message as object, `${path}${name}.`),
  );
}

test.each([
  ['the pages', messagesIn('en'), messagesIn('vi')],
  ['the docs', docsIn('en'), docsIn('vi')],
])('both languages of %s have the same messages, none empty, with the same places for values', (_, en, vi) => {
  const shape = (messages: object) =>
    flatten(messages).map(([path, message]) => {
      expect(message.trim(), path).not.toBe('');
      return `${path} ${(message.match(/\{\w+\}/g) ?? []).sort().join()}`;
    });
  expect(shape(vi)).toEqual(shape(en));
});

test.each([
  ['English', messagesIn('en'), docsIn('en')],
  ['Vietnamese', messagesIn('vi'), docsIn('vi')],
])('%s quotes with “…”', (_, pages, docs) => {
  for (const [path, message] of [...flatten(pages), ...flatten(docs)]) expect(message.replace(/“[^“”]*”/g, ''), path).not.toMatch(/[«»„“”"]/);
});

test('values fill the places that have their name, and no others', () => {
  expect(fill('{a} of {b}, {c}', { a: 1, b: '{a}' })).toBe('1 of {a}, {c}');
});

test('a number chooses the form', () => {
  const forms = { one: '{n} key', other: '{n} keys' };
  expect([0, 1, 2, 1200].map((n) => plural('en', forms, n))).toEqual(['0 keys', '1 key', '2 keys', '1,200 keys']);
  expect(plural('vi', { one: 'x', other: '{n} khóa' }, 1)).toBe('1 khóa');
});

test('numbers keep every millionth', () => {
  expect([0, 1200, 0.47125, 390.000001].map((n) => formatNumber('en', n))).toEqual(['0', '1,200', '0.47125', '390.000001']);
  expect(formatNumber('vi', 1200.5)).toBe('1.200,5');
});

test('costs keep every micro-dollar, and two decimals at least', () => {
  expect([0, 0.5, 0.000001, 12.318211, 1234].map((usd) => formatCost('en', usd))).toEqual(['$0.00', '$0.50', '$0.000001', '$12.318211', '$1,234.00']);
  expect(formatCost('vi', 1.5)).toBe('1,50 US$');
});

test('the costs of a column have as many decimals as its longest', () => {
  expect(costDecimals([])).toBe(2);
  expect(costDecimals([1, 0.1])).toBe(2);
  expect(costDecimals([1, 0.0125, 3])).toBe(4);
  expect(costDecimals([0.1 + 0.2])).toBe(2);
  expect(formatCost('en', 1, 4)).toBe('$1.0000');
});

test('costs that are all 0 are none to show', () => {
  expect([[], [0, 0], [0, 0.000001]].map(hasCost)).toEqual([false, false, true]);
});

test('dates and times are written in UTC, wherever the program runs', () => {
  expect(formatDate('en', '2026-11-24')).toBe('24 Nov 2026');
  expect(formatDate('vi', '2026-11-24')).toBe('24/11/2026');
  expect(formatDay('en', '2026-03-01')).toBe('1 Mar');
  expect(formatTime('en', '2026-11-24T23:59:59.5Z')).toBe('24 Nov 2026, 23:59');
});

test('the viewer’s clock is the viewer’s', () => {
  expect(localClock(new Date(2026, 10, 24, 7, 5))).toBe('07:05');
});

test('days are counted over months, years and leap days', () => {
  expect([addDays('2026-03-01', -1), addDays('2028-03-01', -1), addDays('2026-12-31', 1)]).toEqual(['2026-02-28', '2028-02-29', '2027-01-01']);
});
