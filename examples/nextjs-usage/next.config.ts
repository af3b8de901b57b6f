import { fileURLToPath } from 'node:url';
import type { NextConfig } from 'next';

// The package stands outside of this folder.
const root = fileURLToPath(new URL('../..', import.meta.url));

export default { outputFileTracingRoot: root, turbopack: { root } } satisfies NextConfig;
