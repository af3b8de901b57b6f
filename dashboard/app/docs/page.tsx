import type { Metadata } from 'next';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { demoCustomers, isDemo } from '@/app/lib/server/demo';
import { settings } from '@/app/lib/server/settings';
import { speech } from '@/app/lib/server/speech';
import { button } from '@/app/ui/button';
import { Code, Examples } from '@/app/ui/code';
import { callExamples, checkExample, errorExample, typesExample } from './examples';
import { docsIn } from './messages';

export async function generateMetadata(): Promise<Metadata> {
  const { language } = await speech();
  return { title: docsIn(language).title };
}

export default async function Docs() {
  const [{ language }, inDemo] = await Promise.all([speech(), isDemo()]);
  const d = docsIn(language);
  const baseUrl = settings().publicApiUrl;
  const sections = [
    { id: 'base-url', title: d.base.title },
    { id: 'authentication', title: d.auth.title },
    { id: 'calls', title: d.calls.title },
    { id: 'limits', title: d.limits.title },
    ...(inDemo ? [{ id: 'demo-keys', title: d.demo.title }] : []),
    { id: 'errors', title: d.errors.title },
  ];
  return (
    <div className="lg:grid lg:grid-cols-[200px_minmax(0,1fr)] lg:gap-6">
      <nav aria-label={d.contents} className="mb-3 hidden text-sm lg:sticky lg:top-3 lg:block lg:self-start">
        <p className="mb-1 font-semibold text-soft">{d.contents}</p>
        <ul className="border-l border-line">
          {sections.map(({ id, title }) => (
            <li key={id}>
              <a href={`#${id}`} className="block rounded-sm px-2 py-0.5 hover:text-accent-ink hover:underline">
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div className="max-w-[800px]">
        <h1 className="text-xl">{d.title}</h1>
        <p className="mt-0.5 text-soft">{d.lead}</p>

        <Section id="base-url" title={d.base.title}>
          <p>{d.base.text}</p>
          <Code code={baseUrl} subject={d.base.title} />
          <p className="flex flex-wrap gap-2">
            <a className={button.plain} href={`${baseUrl}/docs`}>
              {d.base.reference}
            </a>
            <a className={button.plain} href={`${baseUrl}/openapi.json`}>
              {d.base.document}
            </a>
          </p>
        </Section>

        <Section id="authentication" title={d.auth.title}>
          <p>{d.auth.text}</p>
          <p className="mt-1">{d.auth.check}</p>
          <Code code={checkExample(baseUrl)} subject={d.auth.check} />
        </Section>

        <Section id="calls" title={d.calls.title}>
          <p>{d.calls.text}</p>
          <Examples label={d.calls.language} examples={callExamples(baseUrl)} />
          <p>{d.calls.price}</p>
          <p className="mt-1">
            <Link href="/dashboard/connect" prefetch={false} className={button.plain}>
              {d.calls.connect}
            </Link>
          </p>
          <p className="mt-1">{d.calls.types}</p>
          <Code code={typesExample(baseUrl)} subject={d.calls.types} />
        </Section>

        <Section id="limits" title={d.limits.title}>
          <p>{d.limits.quota}</p>
          <p className="mt-1">{d.limits.rate}</p>
          <dl className="mt-1">
            {d.limits.headers.map(([name, meaning]) => (
              <div key={name} className="flex flex-wrap gap-x-2 border-b border-line py-1 text-sm last:border-0">
                <dt className="font-mono sm:w-[224px]">{name}</dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </Section>

        {inDemo ? (
          <Section id="demo-keys" title={d.demo.title}>
            <p>{d.demo.text}</p>
            <Table
              label={d.demo.title}
              head={[d.demo.key, d.demo.plan, d.demo.credits]}
              rows={demoCustomers.map(({ key, plan, dailyCredits }) => [key, plan, String(dailyCredits)])}
            />
          </Section>
        ) : null}

        <Section id="errors" title={d.errors.title}>
          <p>{d.errors.text}</p>
          <Code code={errorExample} subject={d.errors.title} />
          <Table label={d.errors.title} head={[d.errors.code, d.errors.status, d.errors.meaning]} rows={d.errors.rows} />
        </Section>
      </div>
    </div>
  );
}

function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section aria-labelledby={id} className="mt-4 border-t border-line pt-3">
      <h2 id={id} className="mb-1 scroll-mt-2 text-lg">
        {title}
      </h2>
      {children}
    </section>
  );
}

function Table({ label, head, rows }: { label: string; head: string[]; rows: string[][] }) {
  return (
    <div role="region" aria-label={label} tabIndex={0} className="mt-1 overflow-x-auto">
      <table className="w-full text-left text-sm">
        <thead>
          <tr className="border-b border-edge text-soft">
            {head.map((title) => (
              <th key={title} scope="col" className="py-1 pr-2 font-semibold">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...cells]) => (
            <tr key={name} className="border-b border-line align-top last:border-0">
              <th scope="row" className="py-1 pr-2 font-mono font-normal whitespace-nowrap">
                {name}
              </th>
              {cells.map((cell) => (
                <td key={cell} className="py-1 pr-2">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
