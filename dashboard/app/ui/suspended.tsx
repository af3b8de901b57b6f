'use client';

import { useSession } from './session';
import { Trouble } from './trouble';

/** Says once for the whole page that the account is suspended. */
export function SuspendedBanner() {
  const { suspended } = useSession();
  return suspended ? (
    <div className="mb-3">
      <Trouble error={{ kind: 'suspended' }} />
    </div>
  ) : null;
}
