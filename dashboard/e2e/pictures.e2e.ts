import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { signIn, visit } from './dashboard';
import { demo } from './service';
import { labelsOf, type Picture } from './shown';
import { startStack } from './stack';

test('what the documents’ pictures of the dashboard show is there; if it is not, run `make pictures`', async () => {
  const manifest = JSON.parse(await readFile(path.resolve(import.meta.dirname, '../../docs/pictures/manifest.json'), 'utf8')) as Picture[];
  const pictures = manifest.filter(({ page }) => page === '/dashboard');
  expect(pictures).toHaveLength(2);
  const stack = await startStack();
  const { page, close } = await visit(stack.browser, { viewport: { width: 1200, height: 750 } });
  await signIn(page, stack.dashboard.url, demo.pro.key);
  const labels = await labelsOf(page);
  for (const picture of pictures) expect(labels, picture.file).toEqual(expect.arrayContaining(picture.labels));
  await close();
  await stack.stop();
});
