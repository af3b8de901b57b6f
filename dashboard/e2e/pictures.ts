import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signIn, visit } from './dashboard';
import { demo } from './service';
import { labelsOf, type Picture } from './shown';
import { startStack, type Stack } from './stack';

/* Takes the pictures of the documents: `make pictures`. */

const folder = path.resolve(import.meta.dirname, '../../docs/pictures');
const width = 1200;
const themes = ['light', 'dark'] as const;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** Signs in to the demo's console with the password that its start printed. */
async function signInToConsole(page: Page): Promise<void> {
  const [, email, password] = /sign in as (\S+) with (\S+)/.exec(stack.service.output()) ?? [];
  if (!email || !password) throw new Error(`The demo printed no password of the console:\n${stack.service.output()}`);
  await page.goto(`${stack.service.url}/admin`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}

const subjects = [
  { name: 'console', page: '/admin', height: 760, arrive: signInToConsole },
  { name: 'dashboard', page: '/dashboard', height: 860, arrive: (page: Page) => signIn(page, stack.dashboard.url, demo.pro.key) },
];

test('the pictures of the documents', async () => {
  await mkdir(folder, { recursive: true });
  const manifest: Picture[] = [];
  for (const { name, page: address, height, arrive } of subjects) {
    for (const theme of themes) {
      const { page, complaints, close } = await visit(stack.browser, { viewport: { width, height }, colorScheme: theme, deviceScaleFactor: 1, reducedMotion: 'reduce' });
      await arrive(page);
      await page.waitForLoadState('networkidle');
      const file = `${name}-${theme}.png`;
      await page.screenshot({ path: path.join(folder, file), animations: 'disabled', caret: 'hide' });
      const sha256 = createHash('sha256').update(await readFile(path.join(folder, file))).digest('hex');
      manifest.push({ file, page: address, width, height, sha256, labels: await labelsOf(page, height) });
      expect(complaints).toEqual([]);
      await close();
    }
  }
  await writeFile(path.join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
});
