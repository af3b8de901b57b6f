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

/** To the millionth, which is as fine as the service counts. */
export function formatNumber(language: Language, n: number): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 6 }).format(n);
}

/** Dollars to the micro-dollar that the service keeps, with two decimals at least, or as many as a column has. */
export function formatCost(language: Language, usd: number, decimals = 2): string {
  const digits = new Intl.NumberFormat(language, { minimumFractionDigits: decimals, maximumFractionDigits: 6 }).format(usd);
  return language === 'vi' ? `${digits} US$` : `$${digits}`;
}

/** How many decimals the costs of a column need so that none is rounded and the points stand in one line. */
export function costDecimals(costs: readonly number[]): number {
  const needed = costs.map((usd) => usd.toFixed(6).replace(/0+$/, '').split('.')[1]?.length ?? 0);
  return Math.max(2, ...needed);
}

/** Whether there is a cost to show. A service that hides costs from its customers answers 0 for each. */
export function hasCost(costs: readonly number[]): boolean {
  return costs.some((usd) => usd !== 0);
}

export function formatPercent(language: Language, share: number): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(share);
}

/*
 * Dates are put together here rather than by Intl: Node.js and the browser may
 * hold different versions of its data, and then the page that the server drew
 * and the one in the browser differ.
 */
const englishMonths = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2026-11-24` or a time as «24 Nov 2026» or «24/11/2026», in UTC. */
export function formatDate(language: Language, time: string): string {
  return `${formatDay(language, time)}${language === 'vi' ? '/' : ' '}${new Date(time).getUTCFullYear()}`;
}

/** The same without the year. */
export function formatDay(language: Language, time: string): string {
  const date = new Date(time);
  const [day, month] = [date.getUTCDate(), date.getUTCMonth()];
  return language === 'vi' ? `${day}/${month + 1}` : `${day} ${englishMonths[month] ?? ''}`;
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
