'use client';

import { useState } from 'react';
import { getDashboardOverview, listKeys, ownServer, type Key, type MintedKey, type Overview, type Result } from '@/app/lib/api';
import { Empty, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { CreateKey } from './create-key';
import { EditKey } from './edit-key';
import { KeyList } from './key-list';
import { RevokeKey } from './revoke-key';
import { RotateKey } from './rotate-key';
import { SecretOnce } from './secret-once';

export type KeyAction = 'edit' | 'rotate' | 'revoke';

interface KeyRingProps {
  keys: Promise<Result<Key[]>>;
  overview: Promise<Result<Overview>>;
}

/** The keys page: what there is, what can be done with it, and a secret for as long as it is shown. */
export function KeyRing(props: KeyRingProps) {
  const { m, fill, plural } = useSpeech();
  const keys = useResource(props.keys, 'keys', (signal) => listKeys({ ...ownServer, signal }));
  const overview = useResource(props.overview, 'overview', (signal) => getDashboardOverview({ ...ownServer, signal }));
  const [action, setAction] = useState<{ kind: KeyAction; key: Key } | null>(null);
  const [secret, setSecret] = useState<MintedKey | null>(null);
  const [said, setSaid] = useState('');

  const ownId = overview.value?.key.id ?? null;
  const close = () => setAction(null);
  const finish = (sentence: string, key: Key) => {
    close();
    setSaid(fill(sentence, { label: key.label }));
    keys.reload();
  };
  const show = (minted: MintedKey) => {
    close();
    setSaid('');
    setSecret(minted);
    keys.reload();
  };

  return (
    <>
      {secret ? <SecretOnce key={secret.key} minted={secret} onDone={() => setSecret(null)} /> : null}
      <div className="grid grid-cols-1 items-start gap-3 lg:grid-cols-3">
        <Panel
          title={m.keys.list}
          className="lg:col-span-2"
          resource={keys}
          skeleton={<Waiting className="h-[320px]" />}
          aside={<span className="text-sm text-soft">{keys.value ? plural(m.keys.count, keys.value.length) : ''}</span>}
        >
          {(rows) =>
            rows.length === 0 ? (
              <Empty title={m.keys.empty} hint={m.keys.emptyHint} />
            ) : (
              <KeyList rows={rows} ownId={ownId} onAction={(kind, key) => setAction({ kind, key })} />
            )
          }
        </Panel>
        <CreateKey onCreated={show} />
      </div>
      <p role="status" className="mt-2 text-sm font-semibold text-good">
        {said}
      </p>
      {action?.kind === 'edit' ? <EditKey apiKey={action.key} onClose={close} onSaved={(key) => finish(m.keys.saved, key)} /> : null}
      {action?.kind === 'rotate' ? <RotateKey apiKey={action.key} isOwn={action.key.id === ownId} onClose={close} onRotated={show} /> : null}
      {action?.kind === 'revoke' ? (
        <RevokeKey apiKey={action.key} isOwn={action.key.id === ownId} onClose={close} onRevoked={(key) => finish(m.keys.revoked, key)} />
      ) : null}
    </>
  );
}
