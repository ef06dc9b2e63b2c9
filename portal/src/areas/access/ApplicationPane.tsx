/** An application: its credentials, and what is done to it. */
import { Button, makeStyles } from '@fluentui/react-components';
import { DeleteRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { ACCESS_ACTION, post, remove } from '../../api/access';
import type { Application } from '../../api/access';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { TOUCHED } from '../../frame/touched';
import { quoted } from '../../parts/Equal';
import { Facts } from '../../parts/Facts';
import { FormPanel } from '../../parts/FormPanel';
import { Guarded } from '../../parts/Guarded';
import { Panel } from '../../parts/Panel';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { AddCertificate } from './AddCertificate';
import type { Secret } from './ShownOnce';
import { text } from './text';

const useStyles = makeStyles({
  list: { display: 'grid', gap: '8px', margin: 0, padding: 0, listStyleType: 'none' },
  one: { display: 'flex', alignItems: 'center', justifyContent: 'space-between', gap: '12px' },
  words: { overflowWrap: 'anywhere' },
});

export function ApplicationPane(props: {
  of: Application;
  onSecret: (secret: Secret) => void;
  onClose: () => void;
}) {
  const { of, onClose } = props;
  const t = useText(text);
  const names = useText(frame);
  const tenant = useSubscription()?.tenantId;
  const [pane, setPane] = useState<'secret' | 'certificate' | 'delete'>();
  const [leaving, setLeaving] = useState<Credential>();
  const close = () => setPane(undefined);
  const { displayName, clientId, objectId } = of.properties;
  const write = { action: ACCESS_ACTION.write, on: of.id };
  if (leaving) {
    return <RemoveCredential of={of} credential={leaving} onClose={() => setLeaving(undefined)} />;
  }
  if (pane === 'secret') {
    return <AddSecret of={of} onSecret={props.onSecret} onClose={close} />;
  }
  if (pane === 'certificate') return <AddCertificate of={of} onClose={close} />;
  if (pane === 'delete') return <DeleteApplication of={of} onClose={onClose} />;
  return (
    <Panel
      title={displayName}
      onClose={onClose}
      actions={
        <>
          <Guarded needs={write} onClick={() => setPane('secret')}>
            {t.addSecret}
          </Guarded>
          <Guarded needs={write} onClick={() => setPane('certificate')}>
            {t.addCertificate}
          </Guarded>
          <Guarded
            needs={{ action: ACCESS_ACTION.delete, on: of.id }}
            onClick={() => setPane('delete')}
          >
            {t.delete}
          </Guarded>
          <Button onClick={onClose}>{names.close}</Button>
        </>
      }
    >
      <Facts
        isSingle
        of={[
          [t.clientId, clientId],
          [t.objectId, objectId],
          [t.tenant, tenant],
        ]}
      />
      <Credentials of={of} onRemove={setLeaving} />
    </Panel>
  );
}

/** A secret or a certificate. */
interface Credential {
  path: 'secrets' | 'certificates';
  id: string;
  kind: string;
  name: string;
}

function Credentials({ of, onRemove }: { of: Application; onRemove: (one: Credential) => void }) {
  const styles = useStyles();
  const t = useText(text);
  const time = useTime();
  const { secrets, certificates } = of.properties;
  const all = [
    ...secrets.map((one) => ({
      ...one,
      kind: t.secret,
      path: 'secrets' as const,
      name: one.id,
    })),
    ...certificates.map((one) => ({
      ...one,
      kind: t.certificateOne,
      path: 'certificates' as const,
      name: one.thumbprint ?? one.id,
    })),
  ];
  if (all.length === 0) return <p>{t.noCredentials}</p>;
  return (
    <ul className={styles.list} aria-label={t.credentials}>
      {all.map((one) => (
        <li key={one.id} className={styles.one}>
          <span className={styles.words}>
            {one.kind}: {one.name}
            <br />
            {t.goodUntil}: {one.endDateTime ? time.moment(one.endDateTime) : t.never}
          </span>
          <Guarded
            needs={{ action: ACCESS_ACTION.write, on: of.id }}
            size="small"
            icon={<DeleteRegular />}
            label={t.removeCredential(one.name)}
            onClick={() => onRemove(one)}
          />
        </li>
      ))}
    </ul>
  );
}

function RemoveCredential(props: { of: Application; credential: Credential; onClose: () => void }) {
  const { of, credential } = props;
  const t = useText(text);
  const at = `${of.id}/${credential.path}/${credential.id}`;
  return (
    <FormPanel
      title={t.removeCredential(credential.name)}
      label={t.remove}
      told={{
        begun: t.credentialRemoving,
        done: t.credentialRemoved,
        failed: t.credentialNotRemoved,
      }}
      work={() => remove(at)}
      touches={TOUCHED.access}
      needs={{ action: ACCESS_ACTION.write, on: of.id }}
      equal={{
        stillpoint: `stillpoint app remove-credential ${quoted(of.properties.displayName)} ${credential.id}`,
        rest: { method: 'DELETE', path: at },
      }}
      onClose={props.onClose}
    >
      {t.removeCredentialWhy(credential.kind)}
    </FormPanel>
  );
}

function AddSecret(props: {
  of: Application;
  onSecret: (secret: Secret) => void;
  onClose: () => void;
}) {
  const { of } = props;
  const t = useText(text);
  const name = of.properties.displayName;
  const work = async () => {
    const { properties: made } = await post<Application>(`${of.id}/secrets`, { properties: {} });
    if (made.secret) {
      props.onSecret({
        title: name,
        why: t.secretOf(name),
        value: made.secret,
        facts: [[t.clientId, made.clientId]],
      });
    }
  };
  return (
    <FormPanel
      title={t.addSecret}
      label={t.addSecret}
      told={{ begun: t.adding(t.secret), done: t.added(t.secret), failed: t.notAdded(t.secret) }}
      work={work}
      touches={TOUCHED.access}
      needs={{ action: ACCESS_ACTION.write, on: of.id }}
      equal={{
        stillpoint: `stillpoint app add-secret ${quoted(name)}`,
        rest: { method: 'POST', path: `${of.id}/secrets`, body: { properties: {} } },
      }}
      onClose={props.onClose}
    >
      {t.secretOf(name)}
    </FormPanel>
  );
}

function DeleteApplication({ of, onClose }: { of: Application; onClose: () => void }) {
  const t = useText(text);
  const name = of.properties.displayName;
  return (
    <FormPanel
      title={t.deleteTitle(name)}
      label={t.delete}
      told={{ begun: t.deleting(name), done: t.deleted(name), failed: t.notDeleted(name) }}
      work={() => remove(of.id)}
      touches={TOUCHED.access}
      needs={{ action: ACCESS_ACTION.delete, on: of.id }}
      equal={{
        stillpoint: `stillpoint app delete ${quoted(name)}`,
        rest: { method: 'DELETE', path: of.id },
      }}
      onClose={onClose}
    >
      {t.deleteWhy}
    </FormPanel>
  );
}
