/**
 * The one pane of a vault's Backup Configuration: its storage replication type (PORTAL-5,
 * PORTAL-6). Once anything was protected it only shows it, and says why (REPL-4).
 */
import {
  Body1,
  Field,
  MessageBar,
  MessageBarBody,
  Radio,
  RadioGroup,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useVaultId } from '../../api/useVaultId';
import type { Redundancy } from '../../api/vaultSettings';
import {
  REDUNDANCIES,
  SETTINGS_ACTION,
  redundancyBody,
  setRedundancy,
  storageConfigPath,
  storageConfigQuery,
} from '../../api/vaultSettings';
import { path } from '../../frame/paths';
import { quoted } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { TOUCHED } from '../../frame/touched';
import { FormPanel } from '../../parts/FormPanel';
import { PageLink } from '../../parts/PageLink';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { RealCopies } from './RealCopies';
import type { VaultPlace } from './VaultLayout';
import { text } from './settingsText';

/** The command's word for each. */
const WORDS: Record<Redundancy, string> = {
  GeoRedundant: 'geo',
  LocallyRedundant: 'local',
  ZoneRedundant: 'zone',
};

export function BackupConfiguration({ of, onClose }: { of: VaultPlace; onClose: () => void }) {
  const { group, vault } = of;
  const t = useText(text);
  const terms = useTerms();
  const id = useVaultId(group, vault);
  const config = useQuery(storageConfigQuery(group, vault));
  const [typed, setTyped] = useState<Redundancy>();
  const now = config.data?.properties.storageModelType;
  const chosen = typed ?? now;
  const isLocked = config.data?.properties.storageTypeState === 'Locked';

  const work = async () => {
    if (!id || !chosen) return;
    await setRedundancy(id, chosen);
    const to = { path: path.vault(group, vault, 'properties'), label: t.showProperties };
    return { to };
  };
  const refused = isLocked ? t.locked : chosen === now ? t.unchanged : undefined;

  return (
    <FormPanel
      title={t.backupConfiguration}
      label={terms.save}
      told={{
        begun: t.saving(vault),
        done: chosen ? t.saved(vault, t.kinds[chosen].name) : '',
        failed: t.notSaved(vault),
      }}
      work={work}
      touches={TOUCHED.vault}
      needs={id === undefined ? undefined : { action: SETTINGS_ACTION.redundancy, on: id }}
      refused={refused}
      equal={
        id && chosen && !isLocked
          ? {
              stillpoint: `stillpoint vault set ${quoted(vault)} --redundancy ${WORDS[chosen]}`,
              az: `az backup vault backup-properties set -g ${quoted(group)} -n ${quoted(vault)} --backup-storage-redundancy ${chosen}`,
              rest: {
                method: 'PUT',
                path: storageConfigPath(id),
                body: redundancyBody(chosen),
              },
            }
          : undefined
      }
      onClose={onClose}
    >
      {config.error && <Failure error={config.error} retry={() => void config.refetch()} />}
      {config.isPending && <Waiting />}
      {chosen && (
        <>
          {isLocked ? (
            <MessageBar intent="warning" layout="multiline">
              <MessageBarBody>
                {t.locked}{' '}
                <PageLink isInMessage to="/vaults/create" isInText>
                  {t.toCreate}
                </PageLink>
              </MessageBarBody>
            </MessageBar>
          ) : (
            <Body1>{t.replicationIntro}</Body1>
          )}
          <Field label={t.replication}>
            <RadioGroup
              disabled={isLocked}
              value={chosen}
              onChange={(_, { value }) => setTyped(value as Redundancy)}
            >
              {REDUNDANCIES.map((one) => (
                <Radio
                  key={one}
                  value={one}
                  label={
                    <>
                      {t.kinds[one].name}
                      <br />
                      <small>{t.kinds[one].what}</small>
                    </>
                  }
                />
              ))}
            </RadioGroup>
          </Field>
          <RealCopies of={of} asked={chosen} />
        </>
      )}
    </FormPanel>
  );
}
