/** "Select virtual machines": those of the vault's location that no vault protects (DISC-4, 5). */
import {
  Button,
  Checkbox,
  MessageBar,
  MessageBarBody,
  SearchBox,
  Spinner,
  Text,
  makeStyles,
} from '@fluentui/react-components';
import { ArrowClockwiseRegular, DesktopRegular } from '@fluentui/react-icons';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { usePaged } from '../../api/paged';
import { discover, protectablePath } from '../../api/protection';
import type { Protectable } from '../../api/protection';
import type { Vault } from '../../api/vaults';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { PageLink } from '../../parts/PageLink';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { text } from './text';

const useStyles = makeStyles({
  bar: { display: 'flex', flexWrap: 'wrap', gap: '8px 16px', alignItems: 'center' },
  search: { width: '320px', maxWidth: '100%' },
  list: { minHeight: '200px' },
});

/** The machines that are chosen, by their ids. */
export type Chosen = ReadonlyMap<string, Protectable>;

export const idOf = (machine: Protectable) => machine.properties.virtualMachineId;

const fits = ({ properties: p }: Protectable, word: string) =>
  `${p.resourceGroup}/${p.friendlyName}`.toLowerCase().includes(word.trim().toLowerCase());

export function SelectMachines(props: {
  vault: Vault;
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
  /** What is wrong with the choice. */
  wrong?: string;
}) {
  const { vault, chosen, onChange } = props;
  const styles = useStyles();
  const t = useText(text);
  const [word, setWord] = useState('');
  const list = usePaged<Protectable>(['protectable'], protectablePath(vault.id));
  const { refetch } = list;
  const {
    mutate: look,
    isPending: isLooking,
    error: lookError,
  } = useMutation({
    mutationFn: () => discover(vault.id),
    onSettled: refetch,
  });
  // Discovery runs before machines are chosen (DISC-1).
  useEffect(() => look(), [look]);
  const shown = useMemo(() => list.rows.filter((m) => fits(m, word)), [list.rows, word]);
  const set = (machines: Protectable[], isOn: boolean) => {
    const next = new Map(chosen);
    for (const m of machines) {
      if (isOn) next.set(idOf(m), m);
      else next.delete(idOf(m));
    }
    onChange(next);
  };
  const on = shown.filter((m) => chosen.has(idOf(m))).length;
  return (
    <>
      <div>{t.scope(vault.location)}</div>
      <div className={styles.bar}>
        <SearchBox
          className={styles.search}
          placeholder={t.search}
          aria-label={t.search}
          value={word}
          onChange={(_, { value }) => setWord(value)}
        />
        <Button
          appearance="subtle"
          icon={isLooking ? <Spinner size="tiny" /> : <ArrowClockwiseRegular />}
          disabledFocusable={isLooking}
          onClick={() => look()}
        >
          {isLooking ? t.discovering : t.discover}
        </Button>
      </div>
      <div className={styles.bar}>
        <Checkbox
          label={t.selectShown}
          disabled={!shown.length}
          checked={on > 0 && on === shown.length ? true : on > 0 ? 'mixed' : false}
          onChange={(_, { checked }) => set(shown, checked === true)}
        />
        <Text role="status">{t.selected(chosen.size)}</Text>
        {chosen.size > 0 && (
          <Button size="small" appearance="subtle" onClick={() => onChange(new Map())}>
            {t.clear}
          </Button>
        )}
      </div>
      {props.wrong && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>{props.wrong}</MessageBarBody>
        </MessageBar>
      )}
      <div className={styles.list}>
        {lookError && <Failure error={lookError} retry={look} />}
        {list.error && <Failure error={list.error} retry={refetch} />}
        {list.isPending && <Waiting />}
        {(shown.length > 0 || list.more) && (
          <MachineTable
            machines={shown}
            chosen={chosen}
            set={(m, isOn) => set([m], isOn)}
            more={list.more}
            isLoading={list.isLoading}
          />
        )}
        {!list.isPending && !list.error && !shown.length && !list.more && (
          <None hasWord={word !== ''} location={vault.location} />
        )}
      </div>
    </>
  );
}

function MachineTable(props: {
  machines: Protectable[];
  chosen: Chosen;
  set: (machine: Protectable, isOn: boolean) => void;
  more?: () => void;
  isLoading: boolean;
}) {
  const t = useText(text);
  const terms = useTerms();
  const { chosen, set } = props;
  const columns: Column<Protectable>[] = [
    {
      key: 'name',
      label: terms.name,
      by: (m) => m.properties.friendlyName,
      cell: (m) => (
        <Checkbox
          label={m.properties.friendlyName}
          aria-label={t.select(m.properties.friendlyName)}
          checked={chosen.has(idOf(m))}
          onChange={(_, { checked }) => set(m, checked === true)}
        />
      ),
    },
    {
      key: 'group',
      label: terms.group,
      by: (m) => m.properties.resourceGroup,
      cell: (m) => m.properties.resourceGroup,
    },
  ];
  return (
    <Table
      label={t.machines}
      columns={columns}
      rows={props.machines}
      id={idOf}
      more={props.more}
      isLoading={props.isLoading}
      isChosen={(m) => chosen.has(idOf(m))}
    />
  );
}

function None({ hasWord, location }: { hasWord: boolean; location: string }) {
  const t = useText(text);
  if (hasWord) return <Empty icon={DesktopRegular} title={t.noMatchTitle} body={t.noMatchBody} />;
  return (
    <Empty
      icon={DesktopRegular}
      title={t.emptyTitle}
      body={t.emptyBody(location)}
      action={<PageLink to="/machines">{t.toMachines}</PageLink>}
    />
  );
}
