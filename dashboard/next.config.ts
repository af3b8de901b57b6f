import path from 'node:path';
import type { NextConfig } from 'next';

const folder = path.resolve(import.meta.dirname);

const config: NextConfig = {
  output: 'standalone',
  poweredByHeader: false,
  // The repository's root holds the Go module; without these Next would look for a workspace there.
  turbopack: { root: folder },
  outputFileTracingRoot: folder,
  // A link from a mail is a secret in an address: the development server writes every other address.
  logging: { incomingRequests: { ignore: [/^\/dashboard\/login\/(link|openid)/] } },
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
    { source: '/dashboard/login/:page(link|openid)', headers: [{ key: 'Referrer-Policy', value: 'no-referrer' }] },
  ]),
};

export default config;
