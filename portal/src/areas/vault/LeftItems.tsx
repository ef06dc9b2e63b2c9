/** Items that keep a vault from being deleted, each with what is to be done with it. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import type { Item } from '../../api/items';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { Status } from '../../parts/Status';
import { useNumbers } from '../../text/numbers';
import { toneOf, useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { seconds, useTime } from '../../text/time';
import type { Begin } from '../item/Actions';
import { isActive, stateOf } from '../item/possible';
import type { VaultPlace } from './VaultLayout';
import { text } from './deleteText';

/** So many stand here; the rest are in the list of items. */
const MOST = 10;

/** When a soft-deleted item goes for good. */
function purgedAt({ properties }: Item): Date | undefined {
  const left = seconds(properties.deferredDeleteTimeRemaining);
  return left === undefined ? undefined : new Date(Date.now() + left * 1000);
}

const useStyles = makeStyles({
  list: { width: '100%', maxWidth: '760px', margin: 0, padding: 0, listStyleType: 'none' },
  row: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '4px 16px',
    padding: '6px 0',
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
  },
  name: { flex: '1 1 140px', overflowWrap: 'anywhere' },
  state: { flex: '2 1 220px' },
});

export function LeftItems(props: {
  of: VaultPlace;
  items: readonly Item[];
  /** How many there are in all. */
  count: number;
  begin: Begin;
}) {
  const { of, items, count, begin } = props;
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const numbers = useNumbers();
  const shown = items.slice(0, MOST);
  return (
    <>
      <ul className={styles.list}>
        {shown.map((item) => {
          const { friendlyName, isScheduledForDeferredDelete } = item.properties;
          const purged = purgedAt(item);
          return (
            <li key={item.id} className={styles.row}>
              <span className={styles.name}>
                <PageLink to={path.item(item.id)}>{friendlyName}</PageLink>
              </span>
              <span className={styles.state}>
                <Status tone={toneOf(stateOf(item))}>
                  {word(terms.protection, stateOf(item))}
                  {purged && `, ${t.until(time.moment(purged))}`}
                </Status>
              </span>
              <Button
                size="small"
                onClick={() =>
                  begin(isScheduledForDeferredDelete ? 'undelete' : 'deleteData', item)
                }
              >
                {isScheduledForDeferredDelete ? t.undelete : isActive(item) ? t.stop : t.deleteData}
              </Button>
            </li>
          );
        })}
      </ul>
      {count > shown.length && (
        <PageLink to={path.vault(of.group, of.vault, 'items/vm')}>
          {t.more(numbers.count(count - shown.length))}
        </PageLink>
      )}
    </>
  );
}
