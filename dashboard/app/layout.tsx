import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import type { ReactNode } from 'react';
import { fontVariables } from './fonts';
import { fill, isTheme, themeCookie } from './lib/i18n';
import { appearance } from './lib/server/appearance';
import { isSessionToken, sessionEmail, sessionKey } from './lib/server/session';
import { speech } from './lib/server/speech';
import './globals.css';
import { FooterLinks } from './ui/footer-links';
import { Header } from './ui/header';
import { LanguageSwitch, SpeechProvider, ThemeSwitch } from './ui/preferences';
import { SessionProvider } from './ui/session';

export async function generateMetadata(): Promise<Metadata> {
  const [{ m }, { name }] = await Promise.all([speech(), appearance()]);
  return { title: { template: `%s · ${name}`, default: name }, description: fill(m.description, { name }), robots: { index: false } };
}

export const viewport: Viewport = {
  colorScheme: 'light dark',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#faf7f2' },
    { media: '(prefers-color-scheme: dark)', color: '#181512' },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  const [{ language, m }, jar, requestHeaders, look] = await Promise.all([speech(), cookies(), headers(), appearance()]);
  const secret = sessionKey(jar, requestHeaders);
  const chosen = jar.get(themeCookie)?.value;
  const theme = isTheme(chosen) ? chosen : 'system';
  return (
    <html lang={language} data-theme={theme} className={fontVariables}>
      <body className="flex min-h-screen flex-col">
        {look.accent ? <link rel="stylesheet" href={`/dashboard/appearance/style?accent=${look.accent.slice(1)}`} precedence="accent" /> : null}
        <SpeechProvider language={language} messages={m}>
          <SessionProvider signedInBy={secret === null ? null : isSessionToken(secret) ? 'session' : 'key'}>
            <a
              href="#content"
              className="sr-only rounded-md bg-accent font-semibold text-on-accent focus:not-sr-only focus:absolute focus:top-1 focus:left-1 focus:px-2 focus:py-1"
            >
              {m.skip}
            </a>
            <Header signedIn={secret !== null} email={sessionEmail(jar, requestHeaders)} name={look.name} logo={look.logo} />
            <main id="content" tabIndex={-1} className="mx-auto w-full max-w-[1216px] grow px-2 pt-4 pb-6 outline-none sm:px-4">
              {children}
            </main>
            <footer className="border-t border-line">
              <div className="mx-auto flex max-w-[1216px] flex-wrap items-center gap-x-2 gap-y-1 px-2 py-2 sm:px-4">
                <FooterLinks look={look} label={m.footer.label} support={m.footer.support} />
                <div className="ml-auto flex flex-wrap gap-x-2 gap-y-1">
                  <LanguageSwitch />
                  <ThemeSwitch initial={theme} />
                </div>
              </div>
            </footer>
          </SessionProvider>
        </SpeechProvider>
      </body>
    </html>
  );
}
