import path from 'node:path';
import type { NextConfig } from 'next';

const folder = path.resolve(import.meta.dirname);

const config: NextConfig = {
  output: 'standalone',
  poweredByHeader: false,
  // The repository's root holds the Go module; without these Next would look for a workspace there.
  turbopack: { root: folder },
  outputFileTracingRoot: folder,
  headers: () => Promise.resolve([
    {
      source: '/:path*',
      headers: [
        { key: 'X-Content-Type-Options', value: 'nosniff' },
        { key: 'X-Frame-Options', value: 'DENY' },
        { key: 'Referrer-Policy', value: 'same-origin' },
        { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
        { key: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=(), payment=()' },
      ],
    },
  ]),
};

export default config;
