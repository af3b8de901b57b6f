import { defineConfig } from 'vitest/config';

// What only the service does is tested where CLIENTS_SERVICE is set; the rest is the same against a vendor.
const include = ['*.test.js', ...(process.env.CLIENTS_SERVICE ? ['service/*.test.js'] : [])];

export default defineConfig({ test: { include, maxWorkers: 2, testTimeout: 30_000 } });
