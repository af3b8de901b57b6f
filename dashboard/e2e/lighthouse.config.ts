import path from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': path.resolve(import.meta.dirname, '..') } },
  test: { include: ['e2e/lighthouse.ts'], testTimeout: 180_000, hookTimeout: 360_000 },
});
