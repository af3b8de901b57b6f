import { settings } from './settings';

/** The customers that `codexible serve --demo` seeds. Pages show them in a demo alone. */
export const demoCustomers = [
  { key: 'codexible_demo_pro_2026', plan: 'Pro', dailyCredits: 250 },
  { key: 'codexible_demo_business_2026', plan: 'Business', dailyCredits: 500 },
  { key: 'codexible_demo_starter_2026', plan: 'Starter', dailyCredits: 75 },
];

const askEveryMs = 30_000;
const timeoutMs = 2000;

let asked: { at: number; answer: Promise<boolean> } | null = null;

/** Whether the service runs as a demo, by its own word. A service that does not answer is none. */
export function isDemo(now = Date.now()): Promise<boolean> {
  if (asked === null || now - asked.at >= askEveryMs) asked = { at: now, answer: askService() };
  return asked.answer;
}

async function askService(): Promise<boolean> {
  try {
    const response = await fetch(`${settings().internalApiUrl}/health`, { signal: AbortSignal.timeout(timeoutMs), cache: 'no-store', redirect: 'error' });
    const health: unknown = await response.json();
    return response.ok && typeof health === 'object' && health !== null && 'demo' in health && health.demo === true;
  } catch {
    return false;
  }
}
