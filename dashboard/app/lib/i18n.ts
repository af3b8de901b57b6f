import { en, type Messages } from './messages/en';
import { vi } from './messages/vi';

export const languages = ['en', 'vi'] as const;
export type Language = (typeof languages)[number];
export type { Messages };

export const languageNames: Record<Language, string> = { en: 'English', vi: 'Tiếng Việt' };

/** The cookie that holds a viewer's choice of language; without it the browser's own decides. */
export const languageCookie = 'codexible_language';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
export const themeCookie = 'codexible_theme';

export function messagesIn(language: Language): Messages {
  return language === 'vi' ? vi : en;
}

export function isLanguage(value: string | undefined): value is Language {
  return languages.some((language) => language === value);
}

export function isTheme(value: string | undefined): value is Theme {
  return themes.some((theme) => theme === value);
}

/** The language to answer in: the viewer's choice, else the best of Accept-Language, else English. */
export function chooseLanguage(chosen: string | undefined, acceptLanguage: string | null): Language {
  if (isLanguage(chosen)) return chosen;
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.trim().toLowerCase().split(';');
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1]).find(Boolean);
      return { language: tag.split('-')[0], quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return wanted.map(({ language }) => language).find(isLanguage) ?? 'en';
}

/** Puts values into the `{name}` places of a message. */
export function fill(message: string, values: Record<string, string | number>): string {
  return message.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** The form of a message that fits a number, with the number put in as `{n}`. */
export function plural(
  language: Language,
  forms: { one: string; other: string },
  n: number,
  values: Record<string, string | number> = {},
): string {
  const form = new Intl.PluralRules(language).select(n) === 'one' ? forms.one : forms.other;
  return fill(form, { ...values, n: formatNumber(language, n) });
}

export function formatNumber(language: Language, n: number): string {
  return new Intl.NumberFormat(language).format(n);
}

/** Dollars to the micro-dollar that the service keeps, and cents at least. */
export function formatCost(language: Language, usd: number): string {
  const digits = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 6 }).format(usd);
  return language === 'vi' ? `${digits} US$` : `$${digits}`;
}

export function formatPercent(language: Language, share: number): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(share);
}

/*
 * Dates are put together here rather than by Intl: Node.js and the browser may
 * hold different versions of its data, and then the page that the server drew
 * and the one in the browser differ.
 */
const monthNames: Record<Language, readonly string[]> = {
  en: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
  vi: Array.from({ length: 12 }, (_, month) => `thg ${month + 1}`),
};

/** `2026-11-24` or a time as «24 Nov 2026», in UTC. */
export function formatDate(language: Language, time: string): string {
  return `${formatDay(language, time)} ${new Date(time).getUTCFullYear()}`;
}

/** `2026-11-24` as «24 Nov». */
export function formatDay(language: Language, time: string): string {
  const date = new Date(time);
  return `${date.getUTCDate()} ${monthNames[language][date.getUTCMonth()] ?? ''}`;
}

/** A time as «24 Nov 2026, 09:05», in UTC. */
export function formatTime(language: Language, time: string): string {
  return `${formatDate(language, time)}, ${time.slice(11, 16)}`;
}

/** The clock at a moment where the viewer is; only the browser knows. */
export function localClock(moment: Date): string {
  return `${String(moment.getHours()).padStart(2, '0')}:${String(moment.getMinutes()).padStart(2, '0')}`;
}

/** A UTC date some days before or after another. */
export function addDays(date: string, days: number): string {
  const moved = new Date(`${date}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}
