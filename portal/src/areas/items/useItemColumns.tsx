/** The columns of a list of items. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useMemo } from 'react';
import { groupOf, machineOf, vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { Status } from '../../parts/Status';
import type { Column } from '../../parts/Table';
import { toneOf, useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { seconds, useTime } from '../../text/time';
import { ActionMenu } from '../item/Actions';
import type { Begin } from '../item/Actions';
import { lastOf, stateOf } from '../item/possible';
import { text } from './text';

const useStyles = makeStyles({
  small: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

/** `hasVault`: the list is over all vaults, and says of each item where it is. */
export function useItemColumns(begin: Begin, hasVault: boolean): Column<Item>[] {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  return useMemo(() => {
    const vault: Column<Item> = {
      key: 'vault',
      label: terms.vault,
      cell: ({ id }) => (
        <PageLink to={path.vault(groupOf(id), vaultOf(id))}>{vaultOf(id)}</PageLink>
      ),
      by: ({ id }) => vaultOf(id),
    };
    return [
      {
        key: 'name',
        label: terms.machine,
        cell: (item) => (
          <>
            <PageLink to={path.item(item.id)}>{item.properties.friendlyName}</PageLink>
            <div className={styles.small}>{machineOf(item.id).group}</div>
          </>
        ),
        by: (item) => item.properties.friendlyName,
        width: 1.1,
      },
      ...(hasVault ? [vault] : []),
      {
        key: 'last',
        label: t.lastBackup,
        cell: (item) => (
          <Status tone={toneOf(lastOf(item))}>{word(terms.lastBackup, lastOf(item))}</Status>
        ),
        by: (item) => lastOf(item),
        width: 1.5,
      },
      {
        key: 'state',
        label: t.state,
        cell: (item) => <StateCell item={item} small={styles.small} />,
        by: (item) => stateOf(item),
        width: 1.4,
      },
      {
        key: 'policy',
        label: terms.policy,
        cell: ({ properties: { policyId, policyName } }) =>
          policyId ? <PageLink to={path.policy(policyId)}>{policyName}</PageLink> : '–',
        by: (item) => item.properties.policyName,
        width: 1.1,
      },
      {
        key: 'newest',
        label: t.newest,
        cell: (item) => time.moment(item.properties.lastRecoveryPoint),
        by: (item) => item.properties.lastRecoveryPoint ?? '',
        width: 1.2,
      },
      {
        key: 'actions',
        label: t.actions,
        isLabelHidden: true,
        cell: (item) => <ActionMenu item={item} begin={begin} />,
        width: '48px',
      },
    ];
  }, [begin, hasVault, styles, t, terms, time]);
}

function StateCell({ item, small }: { item: Item; small: string }) {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const left = seconds(item.properties.deferredDeleteTimeRemaining);
  const state = stateOf(item);
  return (
    <div>
      <Status tone={state === 'SoftDeleted' ? 'bad' : toneOf(state)}>
        {word(terms.protection, state)}
      </Status>
      {left !== undefined && (
        <div className={small}>{t.purged(time.ago(new Date(left * 1000), 0))}</div>
      )}
    </div>
  );
}
