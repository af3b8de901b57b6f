import { defineConfig } from 'vitest/config';

// What only the service does is tested where CLIENTS_SERVICE is set; the rest is the same against a vendor.
const service = Boolean(process.env.CLIENTS_SERVICE);
const include = ['*.test.js', ...(service ? ['service/*.test.js'] : [])];

export default defineConfig({ test: { include, globalSetup: service ? ['./generate.js'] : [], maxWorkers: 2, testTimeout: 30_000 } });
