'use client';

import './globals.css';
import { messagesIn } from './lib/i18n';
import { button } from './ui/button';

/** Stands in for the layout itself, so it knows neither language nor theme; English and the system's colours it is. */
export default function BrokenLayout({ reset }: { error: Error; reset: () => void }) {
  const m = messagesIn('en');
  return (
    <html lang="en">
      <body className="p-4">
        <main>
          <h1 className="text-xl">{m.broken.title}</h1>
          <p className="mt-1 mb-3 text-soft">{m.broken.lead}</p>
          <button type="button" className={button.primary} onClick={reset}>
            {m.broken.retry}
          </button>
        </main>
      </body>
    </html>
  );
}
