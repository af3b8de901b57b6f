import { expect, test } from 'vitest';
import type { Key } from '@/app/lib/api';
import { hasMade } from './rows';

const row = (id: string, maker: string | null) => ({ id, created_by_key_id: maker }) as Key;

test('a key created its children and theirs, and neither itself nor other keys', () => {
  const rows = [row('grandchild', 'child'), row('child', 'first'), row('first', null), row('orphan', 'gone'), row('loop-a', 'loop-b'), row('loop-b', 'loop-a')];
  expect(rows.filter(({ id }) => hasMade(rows, 'first', id)).map(({ id }) => id)).toEqual(['grandchild', 'child']);
  expect(hasMade(rows, 'first', 'not listed')).toBe(false);
  expect(hasMade(rows, 'first', 'loop-a')).toBe(false);
});
