import type { useSpeech } from '@/app/ui/preferences';

/** Milliseconds as a reader takes them in: «420 ms», «1.4 s». */
export function duration({ m, fill, number }: Pick<ReturnType<typeof useSpeech>, 'm' | 'fill' | 'number'>, ms: number): string {
  return ms < 1000 ? fill(m.speed.milliseconds, { n: number(Math.round(ms)) }) : fill(m.speed.seconds, { n: number(Math.round(ms / 100) / 10) });
}
