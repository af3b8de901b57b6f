'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { button } from './button';
import { useSpeech } from './preferences';
import { SignOutButton } from './session';

interface HeaderProps {
  signedIn: boolean;
  /** The address of the viewer's session. */
  email: string | null;
  /** The product's name and, where the operator has set one, the address of its logo. */
  name: string;
  logo: string | null;
}

export function Header({ signedIn, email, name, logo }: HeaderProps) {
  const { m } = useSpeech();
  const path = usePathname();
  const links = signedIn
    ? [
        { href: '/dashboard', text: m.nav.overview },
        { href: '/dashboard/models', text: m.nav.models },
        { href: '/dashboard/keys', text: m.nav.keys },
        { href: '/dashboard/connect', text: m.nav.connect },
        { href: '/docs', text: m.nav.docs },
      ]
    : [{ href: '/docs', text: m.nav.docs }];
  return (
    <header className="border-b border-line bg-surface">
      <div className="mx-auto flex max-w-[1216px] flex-wrap items-center gap-x-3 gap-y-1 px-2 py-1.5 sm:px-4">
        <Link href={signedIn ? '/dashboard' : '/dashboard/login'} prefetch={false} className="flex items-center gap-1 rounded-sm text-base font-extrabold tracking-tight">
          <Brand name={name} logo={logo} />
        </Link>
        <nav aria-label={m.nav.label} className={signedIn ? 'order-last w-full sm:order-none sm:w-auto sm:grow' : 'grow'}>
          <ul className="flex flex-wrap gap-x-1">
            {links.map(({ href, text }) => (
              <li key={href}>
                <Link
                  href={href}
                  prefetch={false}
                  aria-current={path === href ? 'page' : undefined}
                  className="block rounded-md px-1.5 py-1 text-sm font-semibold text-soft hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-wash aria-[current=page]:text-accent-ink"
                >
                  {text}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        {email === null ? null : (
          <p data-email title={email} className="order-2 w-full truncate text-sm text-soft sm:order-none sm:ml-auto sm:w-auto sm:max-w-[208px]">
            <span className="sr-only">{m.overview.user} </span>
            <bdi>{email}</bdi>
          </p>
        )}
        <div className={email === null ? 'ml-auto' : 'order-1 ml-auto sm:order-none sm:ml-0'}>
          {signedIn ? (
            <SignOutButton />
          ) : path.startsWith('/dashboard/login') ? null : (
            <Link href="/dashboard/login" prefetch={false} className={button.quiet}>
              {m.nav.signIn}
            </Link>
          )}
        </div>
      </div>
    </header>
  );
}

/** The operator's logo in place of the name, or the name beside a mark. */
function Brand({ name, logo }: { name: string; logo: string | null }) {
  if (logo) {
    // eslint-disable-next-line @next/next/no-img-element -- it is small, and cached for good
    return <img src={`/dashboard/appearance/logo?v=${logo}`} alt={name} className="h-4 w-auto max-w-[160px] object-contain" />;
  }
  return (
    <>
      {name === 'Codexible' ? <Mark /> : <Initial of={name} />}
      <span className="break-words">{name}</span>
    </>
  );
}

function Initial({ of }: { of: string }) {
  return (
    <span aria-hidden="true" className="grid size-3 shrink-0 place-items-center rounded-sm bg-accent text-sm font-bold text-on-accent">
      {Array.from(of)[0]?.toUpperCase()}
    </span>
  );
}

function Mark() {
  return (
    <svg aria-hidden="true" viewBox="0 0 32 32" className="size-3">
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <path d="M20.5 11.2a7 7 0 1 0 0 9.6" fill="none" strokeWidth="3.5" strokeLinecap="round" className="stroke-on-accent" />
      <circle cx="21.5" cy="16" r="2.25" className="fill-on-accent" />
    </svg>
  );
}
