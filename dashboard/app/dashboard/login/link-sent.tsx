import { fill } from '@/app/lib/i18n';
import type { SignInWords } from './messages';

/** What happens after a link was asked for. It says nothing about whether the address is known. */
export function LinkSent({ words, email }: { words: SignInWords['sent']; email: string | null }) {
  return (
    <>
      <p className="mt-1 font-semibold break-words">{email === null ? words.lead : fill(words.leadTo, { email })}</p>
      <p className="mt-1">{words.use}</p>
      <h2 className="mt-3 text-base">{words.noneTitle}</h2>
      <ul className="mt-0.5 list-disc pl-3 text-sm text-soft">
        {words.none.map((hint) => (
          <li key={hint}>{hint}</li>
        ))}
      </ul>
    </>
  );
}
