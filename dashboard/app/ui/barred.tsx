'use client';

import { useSession } from './session';
import { Trouble } from './trouble';

/** Says once for the whole page that the account is suspended, or the viewer's address not allowed. */
export function BarredBanner() {
  const { barred } = useSession();
  return barred ? (
    <div className="mb-3">
      <Trouble error={{ kind: barred }} />
    </div>
  ) : null;
}
