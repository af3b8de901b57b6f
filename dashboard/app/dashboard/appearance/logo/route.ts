import type { NextRequest } from 'next/server';
import { refuse } from '@/app/lib/server/answer';
import { settings } from '@/app/lib/server/settings';

const timeoutMs = 5000;
const mostBytes = 256 * 1024;
const mediaTypes = ['image/png', 'image/svg+xml'];

/** The operator's logo, from this origin: the pages' policy lets no other in. */
export async function GET(request: NextRequest) {
  const hash = request.nextUrl.searchParams.get('v') ?? '';
  if (!/^[0-9a-f]{64}$/.test(hash)) return refuse(404, 'not_found', 'The dashboard has no such logo.');
  try {
    const answer = await fetch(`${settings().internalApiUrl}/api/appearance/logo?v=${hash}`, { signal: AbortSignal.timeout(timeoutMs), cache: 'no-store', redirect: 'error' });
    const type = answer.headers.get('Content-Type') ?? '';
    // The service answers with the logo of the moment, which may be a later one.
    if (!answer.ok || !mediaTypes.includes(type) || answer.headers.get('ETag') !== `"${hash}"`) return refuse(404, 'not_found', 'The dashboard has no such logo.');
    const content = await answer.arrayBuffer();
    if (content.byteLength > mostBytes) return refuse(404, 'not_found', 'The dashboard has no such logo.');
    return new Response(content, {
      headers: {
        'Content-Type': type,
        'Cache-Control': 'public, max-age=31536000, immutable',
        'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        'X-Content-Type-Options': 'nosniff',
        ETag: `"${hash}"`,
      },
    });
  } catch {
    return refuse(502, 'api_unreachable', 'The API cannot be reached. Try again in a moment.');
  }
}
