'use client';

import { useRouter } from 'next/navigation';
import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';
import {
  fill,
  formatCost,
  formatDate,
  formatDay,
  formatNumber,
  formatPercent,
  formatTime,
  isLanguage,
  isTheme,
  languageCookie,
  languageNames,
  languages,
  plural,
  themeCookie,
  themes,
  type Language,
  type Messages,
  type Theme,
} from '@/app/lib/i18n';

interface Speech {
  language: Language;
  m: Messages;
}

const SpeechContext = createContext<Speech | null>(null);

/** Hands the viewer's language to the components in the browser; only that language is sent there. */
export function SpeechProvider({ language, messages, children }: { language: Language; messages: Messages; children: ReactNode }) {
  const speech = useMemo(() => ({ language, m: messages }), [language, messages]);
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}

/** The messages in the viewer's language, and the ways to write numbers and dates in it. */
export function useSpeech() {
  const speech = useContext(SpeechContext);
  if (!speech) throw new Error('useSpeech needs a SpeechProvider above it');
  return useMemo(() => {
    const { language, m } = speech;
    return {
      language,
      m,
      fill,
      plural: (forms: { one: string; other: string }, n: number, values?: Record<string, string | number>) =>
        plural(language, forms, n, values),
      number: (n: number) => formatNumber(language, n),
      cost: (usd: number, decimals?: number) => formatCost(language, usd, decimals),
      percent: (share: number) => formatPercent(language, share),
      date: (time: string) => formatDate(language, time),
      day: (time: string) => formatDay(language, time),
      time: (time: string) => formatTime(language, time),
    };
  }, [speech]);
}

const select =
  'h-5 rounded-md border border-edge bg-surface px-1 text-sm text-ink hover:border-ink';

export function LanguageSwitch() {
  const router = useRouter();
  const { language, m } = useSpeech();
  return (
    <select
      className={select}
      aria-label={m.preferences.language}
      value={language}
      onChange={(event) => {
        if (!isLanguage(event.target.value)) return;
        keep(languageCookie, event.target.value);
        router.refresh();
      }}
    >
      {languages.map((each) => (
        <option key={each} value={each} lang={each}>
          {languageNames[each]}
        </option>
      ))}
    </select>
  );
}

export function ThemeSwitch({ initial }: { initial: Theme }) {
  const { m } = useSpeech();
  const [theme, setTheme] = useState(initial);
  return (
    <select
      className={select}
      aria-label={m.preferences.theme}
      value={theme}
      onChange={(event) => {
        const chosen = event.target.value;
        if (!isTheme(chosen)) return;
        setTheme(chosen);
        keep(themeCookie, chosen);
        document.documentElement.dataset.theme = chosen;
      }}
    >
      {themes.map((each) => (
        <option key={each} value={each}>
          {m.preferences[each]}
        </option>
      ))}
    </select>
  );
}

function keep(name: string, value: string) {
  const secure = location.protocol === 'https:' ? '; secure' : '';
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
}
