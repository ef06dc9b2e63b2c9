/** A vault's Properties: what it is, its Backup Configuration and its Security settings. */
import { Subtitle1, Subtitle2, makeStyles } from '@fluentui/react-components';
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { called, locationsQuery } from '../../api/locations';
import { useSubscription } from '../../api/subscription';
import type { Vault } from '../../api/vaults';
import { vaultQuery } from '../../api/vaults';
import { CodeLine } from '../../parts/CodeLine';
import { Command } from '../../parts/Command';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { TagBadges } from '../vaults/TagBadges';
import { RealCopies } from './RealCopies';
import { Setting } from './Setting';
import { SETTINGS_PANES, SettingsPane } from './SettingsPane';
import type { VaultPlace } from './VaultLayout';
import { VaultLayout } from './VaultLayout';
import { text } from './settingsText';
import { usePane } from './usePane';

const useStyles = makeStyles({
  head: { margin: '16px 0 8px' },
  small: { margin: '8px 0 4px' },
  settings: { maxWidth: '720px', margin: '0 0 16px' },
});

export default function Properties({ of }: { of: VaultPlace }) {
  const terms = useTerms();
  const vault = useQuery(vaultQuery(of.group, of.vault));
  const { pane, open, close } = usePane(SETTINGS_PANES);
  return (
    <VaultLayout
      of={of}
      section="properties"
      commands={
        <Command
          label={terms.refresh}
          icon={ArrowClockwiseRegular}
          onClick={() => void vault.refetch()}
        />
      }
    >
      {vault.error && <Failure error={vault.error} retry={() => void vault.refetch()} />}
      {vault.isPending && <Waiting />}
      {vault.data && (
        <>
          <Identity vault={vault.data} group={of.group} />
          <Settings vault={vault.data} of={of} onOpen={open} />
          <SettingsPane of={of} pane={pane} onClose={close} />
        </>
      )}
    </VaultLayout>
  );
}

function Identity({ vault, group }: { vault: Vault; group: string }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const subscription = useSubscription();
  const { data: locations } = useQuery(locationsQuery);
  return (
    <>
      <Subtitle1 as="h2" block className={styles.head}>
        {t.facts}
      </Subtitle1>
      <Facts
        isSingle
        of={[
          [terms.name, vault.name],
          [terms.group, group],
          [terms.location, called(locations, vault.location)],
          [terms.subscription, subscription?.displayName ?? '…'],
          [t.subscriptionId, subscription?.subscriptionId ?? '…'],
        ]}
      />
      <Subtitle2 as="h3" block className={styles.small}>
        {t.resourceId}
      </Subtitle2>
      <CodeLine>{vault.id}</CodeLine>
    </>
  );
}

function Settings(props: {
  vault: Vault;
  of: VaultPlace;
  onOpen: (pane: (typeof SETTINGS_PANES)[number]) => void;
}) {
  const { vault, onOpen } = props;
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const redundancy = vault.properties.redundancySettings.standardTierStorageRedundancy;
  const { softDeleteState, softDeleteRetentionPeriodInDays } =
    vault.properties.securitySettings.softDeleteSettings;
  return (
    <>
      <Subtitle1 as="h2" block className={styles.head}>
        {t.backup}
      </Subtitle1>
      <div className={styles.settings}>
        <Setting name={t.backupConfiguration} onUpdate={() => onOpen('backup')}>
          {t.replication}: {t.kinds[redundancy].name}
          <RealCopies of={props.of} asked={redundancy} />
        </Setting>
        <Setting name={t.securitySettings} onUpdate={() => onOpen('security')}>
          {t.softDelete}: {word(terms.softDelete, softDeleteState)}
          {softDeleteState !== 'Disabled' && ` · ${t.days(softDeleteRetentionPeriodInDays)}`}
        </Setting>
        <Setting name={t.tags} onUpdate={() => onOpen('tags')}>
          <TagBadges tags={vault.tags} />
        </Setting>
        <Setting name={t.encryption}>{t.encrypted}</Setting>
      </div>
    </>
  );
}
