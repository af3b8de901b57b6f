import { listFirstKeys, type Connection, type Key, type Result } from '@/app/lib/api';

/** How many keys the page shows first, and how many more each time. */
export const pageRows = 100;

/** The newest keys, and whether there are more. */
export interface Listed {
  rows: Key[];
  more: boolean;
}

/** Lists the `count` newest keys. It requests one more, to know whether there are more. */
export async function listRows(count: number, via: Connection): Promise<Result<Listed>> {
  const keys = await listFirstKeys(count + 1, via);
  return keys.ok ? { ok: true, value: { rows: keys.value.slice(0, count), more: keys.value.length > count } } : keys;
}

/** Whether a key made another, or made one that made it, and so on, as far as the rows show. */
export function hasMade(rows: readonly Key[], makerId: string, keyId: string): boolean {
  const makers = new Map(rows.map((key) => [key.id, key.created_by_key_id]));
  const seen = new Set<string>();
  let id = makers.get(keyId);
  while (id && !seen.has(id)) {
    if (id === makerId) return true;
    seen.add(id);
    id = makers.get(id);
  }
  return false;
}
