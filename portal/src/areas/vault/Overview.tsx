/** A vault's dashboard (VAULT-22): what it is, what it holds, what goes on in it. */
import { Button, makeStyles } from '@fluentui/react-components';
import {
  AddRegular,
  ArrowClockwiseRegular,
  DeleteRegular,
  OptionsRegular,
  ShieldAddRegular,
} from '@fluentui/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { ITEM_ACTION } from '../../api/items';
import { vaultCountsQuery } from '../../api/usages';
import { useVaultId } from '../../api/useVaultId';
import { VAULT_ACTION, vaultQuery } from '../../api/vaults';
import { path } from '../../frame/paths';
import { Command } from '../../parts/Command';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { PageLink } from '../../parts/PageLink';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { Dashboard } from './Dashboard';
import { Essentials } from './Essentials';
import type { VaultPlace } from './VaultLayout';
import { VaultLayout } from './VaultLayout';
import { text } from './overviewText';

const useStyles = makeStyles({
  next: { display: 'flex', flexWrap: 'wrap', justifyContent: 'center', gap: '8px' },
});

export default function Overview({ of }: { of: VaultPlace }) {
  const { group, vault } = of;
  const styles = useStyles();
  const t = useText(text);
  const [, go] = useLocation();
  const found = useQuery(vaultQuery(group, vault));
  const counts = useQuery(vaultCountsQuery(group, vault));
  const at = (section: string) => path.vault(group, vault, section);
  const isEmpty = counts.data && counts.data.items + counts.data.softDeleted === 0;
  return (
    <VaultLayout of={of} section="" commands={<Commands of={of} />}>
      {found.error ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : (
        <>
          <Essentials of={of} vault={found.data} />
          {isEmpty ? (
            <Empty
              icon={ShieldAddRegular}
              title={t.firstTitle}
              body={t.firstBody}
              action={
                <div className={styles.next}>
                  <Button appearance="primary" onClick={() => go(at('backup'))}>
                    {t.configure}
                  </Button>
                  <Button onClick={() => go(at('properties?pane=backup'))}>
                    {t.setRedundancy}
                  </Button>
                </div>
              }
            />
          ) : (
            <Dashboard of={of} />
          )}
          <PageLink to="/help">{t.help}</PageLink>
        </>
      )}
    </VaultLayout>
  );
}

function Commands({ of: { group, vault } }: { of: VaultPlace }) {
  const t = useText(text);
  const terms = useTerms();
  const [, go] = useLocation();
  const client = useQueryClient();
  const id = useVaultId(group, vault);
  const needs = (action: string) => (id === undefined ? undefined : { action, on: id });
  const to = (section: string) => () => go(path.vault(group, vault, section));
  const refresh = () =>
    ['vaults', 'overview', 'jobs'].forEach(
      (key) => void client.invalidateQueries({ queryKey: [key] }),
    );
  return (
    <>
      <Command
        label={t.backup}
        icon={AddRegular}
        needs={needs(ITEM_ACTION.write)}
        onClick={to('backup')}
      />
      <Command label={t.infrastructure} icon={OptionsRegular} onClick={to('infrastructure')} />
      <Command
        label={t.remove}
        icon={DeleteRegular}
        needs={needs(VAULT_ACTION.delete)}
        onClick={to('delete')}
      />
      <Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />
    </>
  );
}
