import { isAccent } from '../shades';
import { settings } from './settings';

/** How the operator wants the dashboard to look. */
export interface Appearance {
  name: string;
  accent: string | null;
  /** The hash of the logo; null for none. */
  logo: string | null;
  supportEmail: string | null;
  supportUrl: string | null;
  links: { label: string; url: string }[];
}

export const defaultName = 'Codexible';

const plain: Appearance = { name: defaultName, accent: null, logo: null, supportEmail: null, supportUrl: null, links: [] };

const freshMs = 30_000;
/** How soon a service that did not answer is asked again. */
const retryMs = 5000;
const timeoutMs = 2000;

let last: Appearance = plain;
let until = 0;
let asking: Promise<void> | null = null;

/** The look, at most a minute old. While the service does not answer, it is the last one; at first the default. */
export async function appearance(now = Date.now()): Promise<Appearance> {
  if (now >= until) {
    asking ??= ask(now).finally(() => {
      asking = null;
    });
    await asking;
  }
  return last;
}

async function ask(now: number): Promise<void> {
  try {
    const response = await fetch(`${settings().internalApiUrl}/api/appearance`, { signal: AbortSignal.timeout(timeoutMs), cache: 'no-store', redirect: 'error' });
    if (!response.ok) throw new Error(`the service answered ${response.status}`);
    last = readAppearance(await response.json());
    until = now + freshMs;
  } catch {
    until = now + retryMs;
  }
}

/** Takes of an answer what a page can show; anything else is as if it were not set. */
export function readAppearance(answer: unknown): Appearance {
  if (typeof answer !== 'object' || answer === null) return plain;
  const { name, accent, logo, support_email: email, support_url: url, links } = answer as Record<string, unknown>;
  return {
    name: typeof name === 'string' && name !== '' ? name : defaultName,
    accent: isAccent(accent) ? accent : null,
    logo: (typeof logo === 'string' && /^\/api\/appearance\/logo\?v=([0-9a-f]{64})$/.exec(logo)?.[1]) || null,
    supportEmail: typeof email === 'string' && email.includes('@') ? email : null,
    supportUrl: isAddress(url) ? url : null,
    links: (Array.isArray(links) ? links : []).filter(isLink).map(({ label, url }) => ({ label, url })),
  };
}

function isAddress(text: unknown): text is string {
  return typeof text === 'string' && /^https?:\/\//i.test(text) && URL.canParse(text);
}

function isLink(link: unknown): link is { label: string; url: string } {
  return typeof link === 'object' && link !== null && 'label' in link && typeof link.label === 'string' && 'url' in link && isAddress(link.url);
}
