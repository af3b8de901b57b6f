import type { NextRequest } from 'next/server';
import { refuse } from '@/app/lib/server/answer';
import { isAccent, styleSheetOf } from '@/app/lib/shades';

/** The colours of an accent: a style sheet of this origin, because the pages' policy allows no styles within a page. */
export function GET(request: NextRequest) {
  const accent = `#${request.nextUrl.searchParams.get('accent') ?? ''}`;
  if (!isAccent(accent)) return refuse(404, 'not_found', 'The accent must be 6 hexadecimal digits in lower case.');
  return new Response(styleSheetOf(accent), {
    headers: { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'public, max-age=86400', 'X-Content-Type-Options': 'nosniff' },
  });
}
