/** Where a restore goes: a new machine, disks in a folder, or the machine itself. */
import {
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Radio,
  RadioGroup,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { groupsQuery } from '../../api/groups';
import { groupOf, nameOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { machineRowQuery } from '../../api/machines';
import { accountsQuery, networksQuery } from '../../api/restoreTargets';
import { word, useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { Choice } from '../../parts/Choice';
import { Failure } from '../../parts/Failure';
import { isName } from './draft';
import type { Draft, Way } from './draft';
import { text } from './text';
import { useTaken } from './useTaken';

const useStyles = makeStyles({
  all: { display: 'grid', gap: '16px' },
  what: { color: tokens.colorNeutralForeground2, margin: 0 },
});

interface Props {
  item: Item;
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
}

export function Target(props: Props) {
  const { draft, onChange, item } = props;
  const styles = useStyles();
  const t = useText(text);
  const { sourceResourceId: id } = item.properties;
  const source = useQuery(machineRowQuery(groupOf(id), nameOf(id)));
  const isGone = source.data === null || source.data?.properties.standing === 'Gone';
  const isRunning = source.data?.properties.powerState === 'Running';
  const isNew = draft.way !== 'replace';
  return (
    <div className={styles.all}>
      <Field label={t.way} hint={isGone ? t.replaceGone : undefined}>
        <RadioGroup
          value={isNew ? 'new' : 'replace'}
          layout="horizontal"
          onChange={(_, { value }) => onChange({ way: value === 'new' ? 'machine' : 'replace' })}
        >
          <Radio value="new" label={t.createNew} />
          <Radio value="replace" label={t.replace} disabled={isGone} />
        </RadioGroup>
      </Field>
      {isNew ? <New {...props} /> : <Replace item={item} isRunning={isRunning} />}
    </div>
  );
}

function Replace({ item, isRunning }: { item: Item; isRunning: boolean }) {
  const styles = useStyles();
  const t = useText(text);
  return (
    <>
      <p className={styles.what}>{t.replaceWhat(item.properties.friendlyName)}</p>
      <MessageBar intent={isRunning ? 'error' : 'warning'} layout="multiline">
        <MessageBarBody>
          {isRunning && `${t.replaceRunning} `}
          {t.replaceOff}
        </MessageBarBody>
      </MessageBar>
    </>
  );
}

function New({ draft, onChange }: Props) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const accounts = useQuery(accountsQuery);
  const networks = useQuery(networksQuery);
  const groups = useQuery(groupsQuery);
  const isMachine = draft.way === 'machine';
  const lists = isMachine ? [accounts, networks, groups] : [accounts];
  const failed = lists.find(({ error }) => error);
  return (
    <>
      {failed && <Failure error={failed.error} retry={() => void failed.refetch()} />}
      <Field label={t.type}>
        <RadioGroup value={draft.way} onChange={(_, { value }) => onChange({ way: value as Way })}>
          <Radio value="machine" label={t.types.machine} />
          <Radio value="disks" label={t.types.disks} />
        </RadioGroup>
      </Field>
      <p className={styles.what}>{isMachine ? t.machineWhat : t.disksWhat}</p>
      {isMachine && (
        <>
          <NameField draft={draft} onChange={onChange} />
          <Choice
            label={t.group}
            value={draft.group}
            onChange={(group) => onChange({ group })}
            options={(groups.data ?? []).map(({ name }) => ({ id: name, name }))}
            isLoading={groups.isPending}
          />
          <Choice
            label={t.network}
            value={draft.network}
            onChange={(network) => onChange({ network })}
            options={networks.data ?? []}
            none={networks.error ? undefined : t.noNetwork}
            isLoading={networks.isPending}
          />
        </>
      )}
      <Choice
        label={t.account}
        value={draft.account}
        onChange={(account) => onChange({ account })}
        options={(accounts.data ?? []).map(({ id, name, sku }) => ({
          id,
          name: `${name} (${word(terms.redundancy, REDUNDANCY[sku.name] ?? sku.name)})`,
        }))}
        none={accounts.error ? undefined : t.noAccount}
        isLoading={accounts.isPending}
      />
    </>
  );
}

/** Azure's names of a storage account's redundancy (RESTORE-9). */
const REDUNDANCY: Record<string, string> = {
  Standard_LRS: 'LocallyRedundant',
  Standard_ZRS: 'ZoneRedundant',
  Standard_GRS: 'GeoRedundant',
};

/** The new machine's name. */
function NameField({ draft, onChange }: Omit<Props, 'item'>) {
  const t = useText(text);
  const { name, group } = draft;
  const isTaken = useTaken(draft);
  const error = name && !isName(name) ? t.nameRule : isTaken ? t.nameTaken(group) : undefined;
  return (
    <Field label={t.name} required validationMessage={error}>
      <Input
        value={name}
        autoComplete="off"
        onChange={(_, { value }) => onChange({ name: value })}
      />
    </Field>
  );
}
