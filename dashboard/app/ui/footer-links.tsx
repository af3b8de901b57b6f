import type { Appearance } from '@/app/lib/server/appearance';
import { button } from './button';

/** Where customers get help, and the operator's own links. */
export function FooterLinks({ look, label, support }: { look: Appearance; label: string; support: string }) {
  const links = [
    ...(look.supportUrl ? [{ label: support, url: look.supportUrl }] : []),
    ...(look.supportEmail ? [{ label: look.supportEmail, url: `mailto:${look.supportEmail}` }] : []),
    ...look.links,
  ];
  if (links.length === 0) return null;
  return (
    <nav aria-label={label} className="min-w-0">
      <ul className="flex flex-wrap gap-x-2 gap-y-1 text-sm">
        {links.map((link, i) => (
          <li key={i} className="min-w-0">
            <a href={link.url} rel="noopener noreferrer" className={button.plain}>
              {link.label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
