import type { Metadata } from 'next';
import Link from 'next/link';
import { speech } from './lib/server/speech';
import { button } from './ui/button';

export async function generateMetadata(): Promise<Metadata> {
  const { m } = await speech();
  return { title: m.notFound.title };
}

export default async function NotFound() {
  const { m } = await speech();
  return (
    <>
      <h1 className="text-xl">{m.notFound.title}</h1>
      <p className="mt-1 mb-3 text-soft">{m.notFound.lead}</p>
      <Link href="/dashboard" prefetch={false} className={button.primary}>
        {m.notFound.home}
      </Link>
    </>
  );
}
