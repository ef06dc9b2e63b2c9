/**
 * Deleting a vault, step by step (VAULT-18, VAULT-19): what still keeps it, read from the server
 * again and again, and the way to put that right.
 */
import { Button, makeStyles } from '@fluentui/react-components';
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { ITEMS, itemsPath } from '../../api/items';
import type { Item } from '../../api/items';
import { locksQuery, scopeOfLock } from '../../api/locks';
import { usePaged } from '../../api/paged';
import type { VaultCounts } from '../../api/usages';
import { vaultCountsQuery } from '../../api/usages';
import { useVaultId } from '../../api/useVaultId';
import type { VaultConfig } from '../../api/vaultSettings';
import { vaultConfigQuery } from '../../api/vaultSettings';
import { path } from '../../frame/paths';
import { Command } from '../../parts/Command';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { useNumbers } from '../../text/numbers';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useActions } from '../item/Actions';
import { ConfirmDelete } from './ConfirmDelete';
import { LeftItems } from './LeftItems';
import { SettingsPane } from './SettingsPane';
import type { StepState } from './Step';
import { Step } from './Step';
import type { VaultPlace } from './VaultLayout';
import { VaultLayout } from './VaultLayout';
import { text } from './deleteText';
import { usePane } from './usePane';

/** How often it is looked at again, in milliseconds: what one does in between shows soon. */
const EVERY = 5_000;

const useStyles = makeStyles({
  intro: { maxWidth: '760px', margin: '0 0 12px' },
  list: { maxWidth: '960px', margin: 0, padding: 0, listStyleType: 'none' },
});

export default function DeleteVault({ of }: { of: VaultPlace }) {
  const { group, vault } = of;
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const numbers = useNumbers();
  const client = useQueryClient();
  const id = useVaultId(group, vault);
  const { pane, open, close } = usePane(['security']);
  const actions = useActions();
  const counts = useQuery({ ...vaultCountsQuery(group, vault), refetchInterval: EVERY });
  const config = useQuery(vaultConfigQuery(group, vault));
  const items = usePaged<Item>([ITEMS, 'left'], id && itemsPath(id), EVERY);
  const isDeleted = ({ properties }: Item) => properties.isScheduledForDeferredDelete;
  const refresh = () =>
    ['vaults', 'overview', 'locks', ITEMS].forEach(
      (key) => void client.invalidateQueries({ queryKey: [key] }),
    );
  const error = counts.error ?? config.error ?? items.error;
  // All steps come at once: one that came later would push the others away.
  const isKnown = counts.data && config.data && !items.isPending;
  const left = (n: number | undefined): StepState | undefined =>
    n === undefined ? undefined : n === 0 ? 'done' : 'open';
  return (
    <VaultLayout
      of={of}
      section="delete"
      commands={<Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />}
    >
      <p className={styles.intro}>{t.intro}</p>
      {error && <Failure error={error} retry={refresh} />}
      {!isKnown && !error && <Waiting />}
      {isKnown && (
        <ol className={styles.list}>
          <LocksStep of={of} id={id} />
          <SoftDeleteStep
            config={config.data}
            counts={counts.data}
            onOpen={() => open('security')}
          />
          <Step number={3} title={t.deleted} state={left(counts.data?.softDeleted)}>
            {counts.data &&
              (counts.data.softDeleted === 0 ? (
                t.deletedDone
              ) : (
                <>
                  {t.deletedOpen(numbers.count(counts.data.softDeleted))}
                  <LeftItems
                    of={of}
                    items={items.rows.filter(isDeleted)}
                    count={counts.data.softDeleted}
                    begin={actions.begin}
                  />
                </>
              ))}
          </Step>
          <Step number={4} title={t.items} state={left(counts.data?.items)}>
            {counts.data &&
              (counts.data.items === 0 ? (
                t.itemsDone
              ) : (
                <>
                  {t.itemsOpen(numbers.count(counts.data.items))}
                  <LeftItems
                    of={of}
                    items={items.rows.filter((item) => !isDeleted(item))}
                    count={counts.data.items}
                    begin={actions.begin}
                  />
                </>
              ))}
          </Step>
          <Step number={5} title={t.last}>
            {t.lastBody}
            {id !== undefined && <ConfirmDelete of={of} id={id} />}
          </Step>
        </ol>
      )}
      {actions.pane}
      <SettingsPane of={of} pane={pane} onClose={close} />
    </VaultLayout>
  );
}

function LocksStep({ of, id }: { of: VaultPlace; id: string | undefined }) {
  const t = useText(text);
  const [, go] = useLocation();
  const locks = useQuery(locksQuery(id));
  const low = id?.toLowerCase() ?? '';
  const isHere = (scope: string) => low === scope || low.startsWith(`${scope}/`);
  const found = locks.data?.filter((lock) => isHere(scopeOfLock(lock).toLowerCase()));
  return (
    <Step number={1} title={t.locks} state={found && (found.length ? 'open' : 'done')}>
      {locks.error && <Failure error={locks.error} />}
      {found?.length === 0 && t.locksDone}
      {found && found.length > 0 && (
        <>
          {t.locksOpen(found.map((lock) => lock.name).join(', '))}
          <Button size="small" onClick={() => go(path.vault(of.group, of.vault, 'locks'))}>
            {t.toLocks}
          </Button>
        </>
      )}
    </Step>
  );
}

function SoftDeleteStep(props: {
  config: VaultConfig | undefined;
  counts: VaultCounts | undefined;
  onOpen: () => void;
}) {
  const t = useText(text);
  const numbers = useNumbers();
  const now = props.config?.properties;
  const state = softDeleteState(now?.softDeleteFeatureState, props.counts);
  const days = numbers.count(now?.softDeleteRetentionPeriodInDays ?? 0);
  return (
    <Step number={2} title={t.soft} state={state}>
      {state === 'done' && t.softOff}
      {state === 'notNeeded' && t.softEmpty}
      {state === 'waits' && t.softAlways(days)}
      {state === 'open' && (
        <>
          {t.softOn(days)}
          <Button size="small" onClick={props.onOpen}>
            {t.toSecurity}
          </Button>
        </>
      )}
    </Step>
  );
}

/** Whether soft delete is in the way: an empty vault goes whatever it is. */
function softDeleteState(
  state: VaultConfig['properties']['softDeleteFeatureState'] | undefined,
  counts: VaultCounts | undefined,
): StepState | undefined {
  if (!state || !counts) return undefined;
  if (state === 'Disabled') return 'done';
  if (counts.items + counts.softDeleted === 0) return 'notNeeded';
  return state === 'AlwaysON' ? 'waits' : 'open';
}
