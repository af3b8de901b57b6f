import path from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': path.resolve(import.meta.dirname, '..') } },
  test: {
    include: ['e2e/**/*.e2e.ts'],
    // Each file has servers and a browser of its own; two at a time is what a small machine carries.
    maxWorkers: 2,
    testTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 360_000,
  },
});
