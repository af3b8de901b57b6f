import type { NextRequest, NextResponse } from 'next/server';
import { readAlerts } from '@/app/lib/alerts';
import { updateAlerts } from '@/app/lib/api';
import { refuseForeign } from '@/app/lib/server/answer';
import { readText } from '@/app/lib/server/body';
import { connectionFor } from '@/app/lib/server/connection';
import { isSameOrigin, sessionKey } from '@/app/lib/server/session';
import { seeOther } from '@/app/lib/server/sign-in';

const maxBodyLength = 4096;

/** Saves the form of alerts where a browser sends it itself, without the page's script. */
export async function POST(request: NextRequest): Promise<NextResponse> {
  if (!isSameOrigin(request.headers)) return refuseForeign();
  const key = sessionKey(request.cookies, request.headers);
  if (!key) return seeOther('/dashboard/login');
  const body = await readText(request, maxBodyLength);
  const change = body === null ? null : readAlerts(new URLSearchParams(body));
  if (!change) return seeOther('/dashboard/alerts?outcome=failed');
  const answer = await updateAlerts(change, connectionFor(request.headers, key));
  return seeOther(`/dashboard/alerts?outcome=${answer.ok ? 'saved' : 'failed'}`);
}
