/** A vault's Backup Infrastructure: its Backup Configuration, and where its data lies. */
import { Subtitle1, makeStyles } from '@fluentui/react-components';
import { OptionsRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { vaultQuery } from '../../api/vaults';
import { Command } from '../../parts/Command';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { RealCopies } from './RealCopies';
import { Setting } from './Setting';
import { SETTINGS_PANES, SettingsPane } from './SettingsPane';
import { StoreTable } from './StoreTable';
import type { VaultPlace } from './VaultLayout';
import { VaultLayout } from './VaultLayout';
import { text } from './settingsText';
import { usePane } from './usePane';

const useStyles = makeStyles({
  intro: { margin: '0 0 12px' },
  head: { margin: '16px 0 8px' },
  settings: { maxWidth: '720px' },
});

export default function Infrastructure({ of }: { of: VaultPlace }) {
  const styles = useStyles();
  const t = useText(text);
  const vault = useQuery(vaultQuery(of.group, of.vault));
  const { pane, open, close } = usePane(SETTINGS_PANES);
  const redundancy = vault.data?.properties.redundancySettings.standardTierStorageRedundancy;
  return (
    <VaultLayout
      of={of}
      section="infrastructure"
      commands={
        <Command
          label={t.backupConfiguration}
          icon={OptionsRegular}
          onClick={() => open('backup')}
        />
      }
    >
      <p className={styles.intro}>{t.infrastructureIntro}</p>
      {vault.error && <Failure error={vault.error} retry={() => void vault.refetch()} />}
      {vault.isPending && <Waiting />}
      {redundancy && (
        <>
          <div className={styles.settings}>
            <Setting name={t.backupConfiguration} level="h2" onUpdate={() => open('backup')}>
              {t.replication}: {t.kinds[redundancy].name}
              <RealCopies of={of} asked={redundancy} />
            </Setting>
          </div>
          <Subtitle1 as="h2" block className={styles.head}>
            {t.stores}
          </Subtitle1>
          <StoreTable of={of} />
        </>
      )}
      <SettingsPane of={of} pane={pane} onClose={close} />
    </VaultLayout>
  );
}
