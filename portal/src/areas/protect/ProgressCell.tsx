/** How far it is with enabling backup of a machine; once it is done, its first backup. */
import { Button, Text, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { Protectable } from '../../api/protection';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { Status } from '../../parts/Status';
import { useErrorText } from '../../text/errors';
import { useText } from '../../text/text';
import { Now } from '../item/Now';
import type { VaultPlace } from '../vault/VaultLayout';
import { text } from './text';
import type { Progress } from './useEnable';

const useStyles = makeStyles({
  all: { display: 'grid', gap: '4px' },
  row: { display: 'flex', flexWrap: 'wrap', gap: '4px 16px', alignItems: 'center' },
  more: { color: tokens.colorNeutralForeground2 },
});

export function ProgressCell(props: { of: VaultPlace; machine: Protectable; progress: Progress }) {
  const { progress } = props;
  const t = useText(text);
  switch (progress.state) {
    case 'waits':
      return <Status tone="unknown">{t.waits}</Status>;
    case 'running':
      return <Status tone="running">{t.enabling}</Status>;
    case 'failed':
      return <Failed error={progress.error} />;
    case 'done':
      return <Done of={props.of} machine={props.machine} />;
  }
}

function Failed({ error }: { error: unknown }) {
  const styles = useStyles();
  const t = useText(text);
  const { code, message, remedy } = useErrorText()(error);
  return (
    <span className={styles.all}>
      <Status tone="bad">
        {t.notEnabled}: {code}
      </Status>
      <Text size={200} className={styles.more}>
        {message} {remedy}
      </Text>
    </span>
  );
}

function Done({ of, machine }: { of: VaultPlace; machine: Protectable }) {
  const styles = useStyles();
  const t = useText(text);
  const [isOpen, setIsOpen] = useState(false);
  const { resourceGroup: group, friendlyName: name } = machine.properties;
  const e = encodeURIComponent;
  return (
    <span className={styles.row}>
      <Status tone="good">{t.enabled}</Status>
      <Button size="small" aria-label={t.startFirstOf(name)} onClick={() => setIsOpen(true)}>
        {t.startFirst}
      </Button>
      <PageLink to={path.vault(of.group, of.vault, `items/vm/${e(group)}/${e(name)}`)}>
        {t.toItem}
      </PageLink>
      {isOpen && (
        <Now of={of} machine={{ group, machine: name }} onClose={() => setIsOpen(false)} />
      )}
    </span>
  );
}
