import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { committedTypes, generateTypes } from './scripts/types.mjs';

const root = import.meta.dirname;

/** The project's own source files, as paths from its root. */
function sources(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(mjs|tsx?)$/.test(file))
      .map((file) => path.join(folder, file)),
  );
}

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

test('the types are what the service’s OpenAPI document gives', async () => {
  expect(committedTypes(), 'run `npm run types` and commit the result').toBe(await generateTypes());
});

test('no element has a style attribute: the policy would drop it', () => {
  expect(sources('app').filter((file) => file.endsWith('.tsx') && !file.includes('.test.') && /\sstyle=/.test(read(file)))).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved"|https?:\/\/[^/"]*(registry|npm)/);
});

test('every variable of the example environment is one that is read', () => {
  const named = [...read('.env.example').matchAll(/^#?\s?([A-Z_]+)=/gm)].map((match) => match[1] ?? '');
  expect(named.length).toBeGreaterThan(0);
  const code = read('app/lib/server/settings.ts') + read('README.md');
  expect(named.filter((name) => !code.includes(name))).toEqual([]);
});
