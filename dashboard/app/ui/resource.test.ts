import { expect, test } from 'vitest';
import type { ApiError } from '@/app/lib/api';
import { retryDelayMs } from './resource';

test('what may pass is tried again, ever more rarely, and never more often than the service allows', () => {
  const waits = (error: ApiError) => [1, 2, 3, 9].map((failures) => retryDelayMs(error, failures));
  expect(waits({ kind: 'network' })).toEqual([2000, 4000, 8000, 30_000]);
  expect(waits({ kind: 'server', status: 503, requestId: null })).toEqual([2000, 4000, 8000, 30_000]);
  expect(waits({ kind: 'rate_limited', retryAfterSeconds: 42 })).toEqual([42_000, 42_000, 42_000, 42_000]);
  expect(waits({ kind: 'suspended' })).toEqual([30_000, 30_000, 30_000, 30_000]);
});

test.each<ApiError>([
  { kind: 'csp' },
  { kind: 'unauthorized' },
  { kind: 'insufficient_scope', message: '' },
  { kind: 'ip_not_allowed' },
  { kind: 'not_found' },
  { kind: 'quota_exceeded', resetsAt: '2026-11-25T00:00:00Z', message: '' },
  { kind: 'invalid', message: '', fields: {} },
])('$kind is not tried again: it would not help', (error) => {
  expect(retryDelayMs(error, 1)).toBeNull();
});
