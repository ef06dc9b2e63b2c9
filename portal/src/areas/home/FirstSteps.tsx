/** From an empty server to the first recovery point: host, vault, protect, first backup. */
import {
  Card,
  Subtitle2,
  Text,
  makeStyles,
  mergeClasses,
  tokens,
} from '@fluentui/react-components';
import { ArrowSyncRegular, CheckmarkCircleFilled, CircleRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { answers, hostsQuery } from '../../api/hosts';
import { groupOf } from '../../api/ids';
import type { Overview } from '../../api/overview';
import { vaultsQuery } from '../../api/vaults';
import { path } from '../../frame/paths';
import { CodeLine } from '../../parts/CodeLine';
import { PageLink } from '../../parts/PageLink';
import { useNumbers } from '../../text/numbers';
import { useText } from '../../text/text';
import { exportOf } from './KeyReminder';
import { mendOf } from './kinds';
import { text } from './text';

const useStyles = makeStyles({
  card: { padding: '16px', marginBottom: '24px', minHeight: '420px' },
  list: { margin: 0, padding: 0, listStyleType: 'none' },
  step: { display: 'flex', gap: '12px', padding: '12px 0' },
  line: { borderTop: `1px solid ${tokens.colorNeutralStroke2}` },
  icon: { fontSize: '24px', flexShrink: 0, color: tokens.colorNeutralForeground3 },
  done: { color: tokens.colorStatusSuccessForeground1 },
  now: { color: tokens.colorBrandForeground1 },
  title: { fontWeight: tokens.fontWeightSemibold },
  state: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  body: { display: 'grid', gap: '4px', minWidth: 0, flexGrow: 1 },
});

type State = 'done' | 'now' | 'later' | 'running';
type Name = 'host' | 'vault' | 'protect' | 'backup';

const NAMES: readonly Name[] = ['host', 'vault', 'protect', 'backup'];

const vaultsOf = (overview: Overview | undefined) => ({
  ...vaultsQuery,
  enabled: overview !== undefined && overview.vaults > 0,
});

/** Whether all is there that the steps show; before that they would grow under the eye. */
export function useStepsKnown(overview: Overview | undefined): boolean {
  const hosts = useQuery({ ...hostsQuery, enabled: overview !== undefined });
  const vaults = useQuery(vaultsOf(overview));
  return !hosts.isLoading && !vaults.isLoading;
}

export function FirstSteps({ overview }: { overview: Overview }) {
  const styles = useStyles();
  const t = useText(text);
  const numbers = useNumbers();
  const hosts = useQuery(hostsQuery);
  const vaults = useQuery(vaultsOf(overview));
  const vault = vaults.data?.[0];
  const pending = overview.attention.find((one) => one.kind === 'InitialBackupPending');
  const done: Record<Name, boolean> = {
    host: hosts.data?.some((host) => answers(host)) ?? false,
    vault: overview.vaults > 0,
    protect: overview.items.total > 0,
    backup: overview.protectedInstances > 0,
  };
  const next = NAMES.find((name) => !done[name]);
  const state = (name: Name): State => {
    if (done[name]) return 'done';
    if (name === 'backup' && overview.items.total > 0 && overview.jobs.inProgress > 0) {
      return 'running';
    }
    return name === next ? 'now' : 'later';
  };
  const to: Record<Name, string> = {
    host: '/hosts',
    vault: '/vaults/create',
    protect: vault ? path.vault(groupOf(vault.id), vault.name, 'backup') : '/machines',
    backup: pending ? mendOf(pending) : '/items',
  };
  const found = overview.machines?.total;
  return (
    <Card className={styles.card} appearance="outline">
      <div>
        <Subtitle2 as="h2" block>
          {t.steps}
        </Subtitle2>
        <Text>{t.stepsNote}</Text>
      </div>
      <ol className={styles.list}>
        {NAMES.map((name, at) => (
          <Step
            key={name}
            number={at + 1}
            name={t.step[name]}
            state={state(name)}
            note={t.stepNote[name]}
          >
            {name === 'host' && done.host && found !== undefined && (
              <span className={styles.state}>{t.machinesFound(numbers.count(found))}</span>
            )}
            {name === 'host' && hosts.data && !done.host && (
              <span className={styles.state}>{t.hostsNone}</span>
            )}
            <Do to={to[name]} label={t.stepDo[name]} state={state(name)} />
          </Step>
        ))}
        {vault && (
          <Step number={5} name={t.step.key} note={t.stepNote.key}>
            {vaults.data?.map(({ id, name }) => (
              <CodeLine key={id}>{exportOf(name)}</CodeLine>
            ))}
          </Step>
        )}
      </ol>
    </Card>
  );
}

const ICONS = {
  done: CheckmarkCircleFilled,
  running: ArrowSyncRegular,
  now: CircleRegular,
  later: CircleRegular,
};

function Step(props: {
  number: number;
  name: string;
  /** None where the server can't know it. */
  state?: State;
  note: string;
  children: ReactNode;
}) {
  const styles = useStyles();
  const t = useText(text);
  const { state = 'later' } = props;
  const Icon = ICONS[state];
  return (
    <li
      className={mergeClasses(styles.step, props.number > 1 && styles.line)}
      aria-current={state === 'now' ? 'step' : undefined}
    >
      <Icon
        aria-hidden
        className={mergeClasses(
          styles.icon,
          state === 'done' && styles.done,
          (state === 'now' || state === 'running') && styles.now,
        )}
      />
      <div className={styles.body}>
        <div>
          <span className={styles.title}>
            {props.number}. {props.name}
          </span>{' '}
          {props.state && <span className={styles.state}>{t.stepState[props.state]}</span>}
        </div>
        <Text>{props.note}</Text>
        {props.children}
      </div>
    </li>
  );
}

function Do({ to, label, state }: { to: string; label: string; state: State }) {
  if (state === 'later') return null;
  return <PageLink to={to}>{label}</PageLink>;
}
