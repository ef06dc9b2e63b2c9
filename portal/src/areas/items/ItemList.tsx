/** A list of items with its filters and the "…" of each (PORTAL-10, 11). */
import { Button, Dropdown, Input, Option, makeStyles } from '@fluentui/react-components';
import { SearchRegular, ShieldCheckmarkRegular } from '@fluentui/react-icons';
import { useDeferredValue, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { Item } from '../../api/items';
import type { usePaged } from '../../api/paged';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Table } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { stateOf } from '../item/possible';
import type { Begin } from '../item/Actions';
import { text } from './text';
import { useItemColumns } from './useItemColumns';

const STATES = [
  'Protected',
  'IRPending',
  'ProtectionError',
  'ProtectionStopped',
  'BackupsSuspended',
  'SoftDeleted',
];

const useStyles = makeStyles({
  filters: { display: 'flex', flexWrap: 'wrap', gap: '8px', margin: '0 0 12px' },
  input: { minWidth: '220px' },
});

export function ItemList(props: {
  items: ReturnType<typeof usePaged<Item>>;
  begin: Begin;
  hasVault?: boolean;
  /** What stands where there is none. */
  empty: ReactNode;
}) {
  const { items } = props;
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const [name, setName] = useState('');
  const [state, setState] = useState('');
  const wanted = useDeferredValue(name.trim().toLowerCase());
  const columns = useItemColumns(props.begin, props.hasVault ?? false);
  const shown = useMemo(
    () =>
      items.rows.filter(
        (item) =>
          item.properties.friendlyName.toLowerCase().includes(wanted) &&
          (!state || stateOf(item) === state),
      ),
    [items.rows, wanted, state],
  );
  const clear = () => (setName(''), setState(''));

  if (items.error && items.rows.length === 0) {
    return <Failure error={items.error} retry={items.refetch} />;
  }
  if (items.isPending) return <Waiting />;
  if (items.rows.length === 0) return props.empty;
  return (
    <>
      {items.error && <Failure error={items.error} retry={items.refetch} />}
      <div className={styles.filters}>
        <Input
          className={styles.input}
          type="search"
          value={name}
          onChange={(_, { value }) => setName(value)}
          placeholder={t.machineFilter}
          aria-label={t.machineFilter}
          contentBefore={<SearchRegular aria-hidden />}
        />
        <Dropdown
          aria-label={t.stateFilter}
          value={state ? word(terms.protection, state) : t.allStates}
          selectedOptions={[state]}
          onOptionSelect={(_, { optionValue }) => setState(optionValue ?? '')}
        >
          <Option value="">{t.allStates}</Option>
          {STATES.map((state) => (
            <Option key={state} value={state}>
              {word(terms.protection, state)}
            </Option>
          ))}
        </Dropdown>
      </div>
      {shown.length === 0 && !items.more ? (
        <Empty
          icon={ShieldCheckmarkRegular}
          title={t.noMatch}
          body={t.noMatchBody}
          action={<Button onClick={clear}>{t.clear}</Button>}
        />
      ) : (
        <Table
          label={t.allKinds}
          columns={columns}
          rows={shown}
          id={(item) => item.id}
          more={items.more}
          isLoading={items.isLoading}
        />
      )}
    </>
  );
}
