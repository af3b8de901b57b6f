'use client';

import { Suspense, useState } from 'react';
import { listModels, ownServer, type Key, type MintedKey, type Result } from '@/app/lib/api';
import { sessionLimits, type Scope } from '@/app/lib/policy';
import { checkSession, type OwnKey } from '@/app/lib/session';
import { button } from '@/app/ui/button';
import { Empty, Missing, Panel, Waiting } from '@/app/ui/panel';
import { useSpeech } from '@/app/ui/preferences';
import { useResource } from '@/app/ui/resource';
import { SetUp } from '../connect/set-up';
import { CreateKey } from './create-key';
import { EditKey } from './edit-key';
import { KeyList } from './key-list';
import { RevokeKey } from './revoke-key';
import { RotateKey } from './rotate-key';
import { hasMade, listRows, pageRows, type Listed } from './rows';
import { SecretOnce } from './secret-once';
import { SwitchKey } from './switch-key';

export type KeyAction = 'edit' | 'rotate' | 'disable' | 'enable' | 'revoke';

interface KeyRingProps {
  /** Where customers' programs reach the service. */
  address: string;
  keys: Promise<Result<Listed>>;
  own: Promise<Result<OwnKey>>;
}

/** The keys page: what there is, what can be done with it, and a secret for as long as it is shown. */
export function KeyRing(props: KeyRingProps) {
  const { m, fill, plural, number } = useSpeech();
  const [shown, setShown] = useState(pageRows);
  const keys = useResource(props.keys, 'keys', (signal) => listRows(shown, { ...ownServer, signal }));
  const own = useResource(props.own, 'own', (signal) => checkSession({ ...ownServer, signal }));
  const [action, setAction] = useState<{ kind: KeyAction; key: Key } | null>(null);
  const [secret, setSecret] = useState<{ minted: MintedKey; scopes: readonly Scope[] } | null>(null);
  const [said, setSaid] = useState('');

  const ownKey = own.value?.key ?? null;
  const limits = own.value ? (ownKey ?? sessionLimits) : null;
  const close = () => setAction(null);
  const reload = (changed: string | null) => {
    close();
    keys.reload();
    if (changed === ownKey?.id) own.reload();
  };
  const finish = (sentence: string, key: Key) => {
    setSaid(fill(sentence, { label: key.label }));
    reload(key.id);
  };
  const show = (minted: MintedKey, scopes: readonly Scope[]) => {
    setSaid('');
    setSecret({ minted, scopes });
    reload(null);
  };
  const countOf = ({ rows, more }: Listed) => (more ? fill(m.keys.countShown, { n: number(rows.length) }) : plural(m.keys.count, rows.length));
  const showMore = () => {
    setShown(shown + pageRows);
    keys.reload();
  };
  const acting = action ? { apiKey: action.key, isOwn: action.key.id === ownKey?.id, onClose: close } : null;

  return (
    <>
      {secret ? (
        <SecretOnce key={secret.minted.key} minted={secret.minted} onDone={() => setSecret(null)}>
          {secret.scopes.includes('models') ? <SetUpOf address={props.address} apiKey={secret.minted.key} /> : null}
        </SecretOnce>
      ) : null}
      <div className="grid grid-cols-1 items-start gap-3 lg:grid-cols-3">
        <Panel
          title={m.keys.list}
          className={keys.value || keys.error?.kind !== 'insufficient_scope' ? 'lg:col-span-2' : 'lg:col-span-3'}
          resource={keys}
          missing={m.missing.keys}
          skeleton={<Waiting className="h-[320px]" />}
          aside={<span className="text-sm text-soft">{keys.value ? countOf(keys.value) : ''}</span>}
        >
          {({ rows, more }) =>
            rows.length === 0 ? (
              <Empty title={m.keys.empty} hint={m.keys.emptyHint} />
            ) : (
              <>
                {limits === null && own.error?.kind === 'insufficient_scope' ? <Missing sentence={m.missing.own} /> : null}
                <KeyList rows={rows} ownId={ownKey?.id ?? null} limits={limits} onAction={(kind, key) => setAction({ kind, key })} />
                {more ? (
                  <button type="button" className={`${button.quiet} mt-2 self-center`} disabled={keys.busy} onClick={showMore}>
                    {m.keys.more}
                  </button>
                ) : null}
              </>
            )
          }
        </Panel>
        {keys.error?.kind === 'insufficient_scope' ? null : (
          // Another policy of the calling key is another form.
          <CreateKey key={JSON.stringify([limits?.scopes, limits?.allowed_addresses, limits?.expires_at])} own={limits} role={own.value?.role ?? 'user'} onCreated={show} />
        )}
      </div>
      <p role="status" className="mt-2 text-sm font-semibold text-good">
        {said}
      </p>
      {acting && action?.kind === 'edit' ? <EditKey {...acting} own={limits} onSaved={(key) => finish(m.keys.saved, key)} /> : null}
      {acting && action?.kind === 'rotate' ? <RotateKey {...acting} onRotated={(minted) => show(minted, acting.apiKey.scopes)} /> : null}
      {acting && (action?.kind === 'disable' || action?.kind === 'enable') ? (
        <SwitchKey {...acting} on={action.kind === 'enable'} onSwitched={(key) => finish(action.kind === 'enable' ? m.keys.switchedOn : m.keys.switchedOff, key)} />
      ) : null}
      {acting && action?.kind === 'revoke' ? (
        <RevokeKey
          {...acting}
          hasMadeOwn={ownKey !== null && hasMade(keys.value?.rows ?? [], acting.apiKey.id, ownKey.id)}
          onRevoked={(key, also) => finish(also ? plural(m.keys.revokedWith, also, { label: key.label }) : m.keys.revoked, key)}
        />
      ) : null}
    </>
  );
}

/** The set-up of a tool with a key that was just made. The models are those of the key that the viewer is signed in with. */
function SetUpOf({ address, apiKey }: { address: string; apiKey: string }) {
  const { m } = useSpeech();
  const [models] = useState(() => listModels());
  return (
    <div className="mt-3 border-t border-line pt-2">
      <h3 className="mb-1 text-base">{m.connect.setUp}</h3>
      <Suspense fallback={<Waiting className="h-[320px]" />}>
        <SetUp address={address} apiKey={apiKey} models={models} />
      </Suspense>
    </div>
  );
}
