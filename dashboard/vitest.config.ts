import path from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': path.resolve(import.meta.dirname) } },
  test: { include: ['app/**/*.test.{ts,tsx}', '*.test.ts'], restoreMocks: true, unstubEnvs: true, unstubGlobals: true },
});
