import { entriesOf } from '@/app/lib/addresses';
import type { NewKey, Role } from '@/app/lib/api';
import { amountsOf, defaultScopes, expiryOf, lacking, programScopes, type KeyDraft, type Limits, type Scope } from '@/app/lib/policy';

/** What a new key is for. */
export interface NewDraft extends KeyDraft {
  purpose: 'program' | 'everything' | 'choose';
}

/** What the calling key would have to have for this; nothing while it is not known, for then the service decides. */
export function lacksOf(scopes: readonly Scope[], own: Limits | null): Scope[] {
  return own ? lacking(scopes, own.scopes) : [];
}

/** The initial form: for a program, and with the calling key's limits. */
export function blank(own: Limits | null, role: Role): NewDraft {
  const bounds = { label: '', expires: own?.expires_at?.slice(0, 10) ?? '', addresses: own?.allowed_addresses.join('\n') ?? '' };
  if (lacksOf(programScopes, own).length === 0) return { ...bounds, purpose: 'program', scopes: programScopes };
  const everything = defaultScopes(role);
  return lacksOf(everything, own).length === 0 ? { ...bounds, purpose: 'everything', scopes: everything } : { ...bounds, purpose: 'choose', scopes: [] };
}

/** Empty fields are left out: the service then uses its default. */
export function newKeyOf(draft: NewDraft, own: Limits | null): NewKey {
  const key: NewKey = { scopes: [...draft.scopes], ...amountsOf(own) };
  const expiry = expiryOf(draft, own?.expires_at ?? null);
  const addresses = entriesOf(draft.addresses);
  if (draft.label.trim()) key.label = draft.label.trim();
  if (expiry) key.expires_at = expiry;
  if (addresses.length > 0) key.allowed_addresses = addresses;
  return key;
}
