/** A list of items with its filters and the "…" of each (PORTAL-10, 11). */
import { Button, Dropdown, Input, Option, makeStyles } from '@fluentui/react-components';
import { SearchRegular, ShieldCheckmarkRegular } from '@fluentui/react-icons';
import { useCallback } from 'react';
import type { ReactNode } from 'react';
import { ITEMS } from '../../api/items';
import type { Item, ItemFilter } from '../../api/items';
import { usePaged } from '../../api/paged';
import { Empty } from '../../parts/Empty';
import { PagedTable } from '../../parts/PagedTable';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import type { Begin } from '../item/Actions';
import { NEEDS, STATES, filterOf, fits, isState } from './shows';
import type { Show } from './shows';
import { text } from './text';
import { useItemColumns } from './useItemColumns';
import { useItemFilter } from './useItemFilter';

/** How often a list is looked at again, in milliseconds. */
const EVERY = 15_000;

const useStyles = makeStyles({
  filters: { display: 'flex', flexWrap: 'wrap', gap: '8px', margin: '0 0 12px' },
  input: { minWidth: '220px' },
});

export function ItemList(props: {
  /** The path of the list, or of what is wanted of it; undefined while it is not known. */
  pathOf: (filter: ItemFilter, isFiltered: boolean) => string | undefined;
  begin: Begin;
  hasVault?: boolean;
  /** What stands where there is none at all. */
  empty: ReactNode;
}) {
  const t = useText(text);
  const asked = useItemFilter();
  const { show, name } = asked;
  const isFiltered = show !== undefined || name !== '';
  const path = props.pathOf({ ...filterOf(show), nameContains: name }, isFiltered);
  const items = usePaged<Item>([ITEMS], path, EVERY);
  const columns = useItemColumns(props.begin, props.hasVault ?? false);
  const low = name.toLowerCase();
  const isShown = useCallback(
    (item: Item) => item.properties.friendlyName.toLowerCase().includes(low) && fits(item, show),
    [low, show],
  );
  return (
    <>
      <Filters asked={asked} />
      <PagedTable
        list={items}
        label={t.allKinds}
        columns={columns}
        id={(item) => item.id}
        isShown={isShown}
        empty={
          isFiltered ? (
            <Empty
              icon={ShieldCheckmarkRegular}
              title={t.noMatch}
              body={t.noMatchBody}
              action={<Button onClick={asked.clear}>{t.clear}</Button>}
            />
          ) : (
            props.empty
          )
        }
      />
    </>
  );
}

function Filters({ asked }: { asked: ReturnType<typeof useItemFilter> }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const words = (show: Show) => (isState(show) ? word(terms.protection, show) : t.needs[show]);
  return (
    <div className={styles.filters}>
      <Input
        className={styles.input}
        type="search"
        value={asked.typed}
        onChange={(_, { value }) => asked.type(value)}
        placeholder={t.machineFilter}
        aria-label={t.machineFilter}
        contentBefore={<SearchRegular aria-hidden />}
      />
      <Dropdown
        aria-label={t.show}
        value={asked.show ? words(asked.show) : t.showAll}
        selectedOptions={[asked.show ?? '']}
        onOptionSelect={(_, { optionValue }) => asked.setShow(optionValue ?? '')}
      >
        <Option value="">{t.showAll}</Option>
        {[...STATES, ...NEEDS].map((show) => (
          <Option key={show} value={show}>
            {words(show)}
          </Option>
        ))}
      </Dropdown>
    </div>
  );
}
