import type { Metadata } from 'next';
import { speech } from '@/app/lib/server/speech';
import { button } from '@/app/ui/button';
import { Card } from '../card';
import { LinkSent } from '../link-sent';
import { signInWords } from '../messages';

export async function generateMetadata(): Promise<Metadata> {
  const { language } = await speech();
  return { title: signInWords(language).sent.title };
}

/** Where the form for a link leads without scripts. */
export default async function Sent() {
  const { language } = await speech();
  const words = signInWords(language).sent;
  return (
    <Card title={words.title}>
      <LinkSent words={words} email={null} />
      <p className="mt-3">
        <a href="/dashboard/login" className={button.quiet}>
          {words.again}
        </a>
      </p>
    </Card>
  );
}
