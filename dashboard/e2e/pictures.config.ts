import path from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': path.resolve(import.meta.dirname, '..') } },
  test: { include: ['e2e/pictures.ts'], testTimeout: 120_000, hookTimeout: 360_000 },
});
