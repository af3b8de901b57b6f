import { NextResponse, type NextRequest } from 'next/server';
import { readAlerts } from '@/app/lib/alerts';
import { refuseForeign } from '@/app/lib/server/answer';
import { updateAlerts } from '@/app/lib/api';
import { connectionFor } from '@/app/lib/server/connection';
import { isSameOrigin, sessionKey } from '@/app/lib/server/session';

const maxBodyLength = 4096;

/** Saves the form of alerts where a browser sends it itself, without the page's script. */
export async function POST(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const key = sessionKey(request.cookies, request.headers);
  if (!key) return leadTo('/dashboard/login');
  const body = await request.text();
  const change = body.length > maxBodyLength ? null : readAlerts(new URLSearchParams(body));
  if (!change) return leadTo('/dashboard/alerts?outcome=failed');
  const answer = await updateAlerts(change, connectionFor(request.headers, key));
  return leadTo(`/dashboard/alerts?outcome=${answer.ok ? 'saved' : 'failed'}`);
}

/** The address is relative: a proxy may stand in front. */
function leadTo(path: string): NextResponse {
  return new NextResponse(null, { status: 303, headers: { Location: path, 'Cache-Control': 'no-store' } });
}
