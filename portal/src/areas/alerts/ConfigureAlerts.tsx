/** Which alerts a vault raises (PORTAL-22): those for failed jobs may be turned off, others not. */
import { Switch, Text } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { link } from '../../api/client';
import { vaultQuery } from '../../api/vaults';
import type { Vault } from '../../api/vaults';
import { TOUCHED } from '../../frame/touched';
import { Failure } from '../../parts/Failure';
import { FormPanel } from '../../parts/FormPanel';
import { Panel } from '../../parts/Panel';
import { Waiting } from '../../parts/Waiting';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import type { VaultPlace } from '../vault/VaultLayout';
import { text } from './text';

interface Monitoring {
  azureMonitorAlertSettings?: { alertsForAllJobFailures?: string };
}

export function ConfigureAlerts(props: { of: VaultPlace; onClose: () => void }) {
  const t = useText(text);
  const vault = useQuery(vaultQuery(props.of.group, props.of.vault));
  if (vault.data) return <Form vault={vault.data} onClose={props.onClose} />;
  return (
    <Panel title={t.configure} onClose={props.onClose}>
      {vault.error ? <Failure error={vault.error} /> : <Waiting />}
    </Panel>
  );
}

function Form({ vault, onClose }: { vault: Vault; onClose: () => void }) {
  const t = useText(text);
  const terms = useTerms();
  const settings = vault.properties.monitoringSettings as Monitoring;
  const now = settings.azureMonitorAlertSettings?.alertsForAllJobFailures !== 'Disabled';
  const [isOn, setIsOn] = useState(now);
  const body = {
    properties: {
      monitoringSettings: {
        ...settings,
        azureMonitorAlertSettings: {
          ...settings.azureMonitorAlertSettings,
          alertsForAllJobFailures: isOn ? 'Enabled' : 'Disabled',
        },
      },
    },
  };
  return (
    <FormPanel
      title={t.configure}
      label={terms.save}
      told={{ begun: t.saving, done: t.saved, failed: t.notSaved }}
      work={async () => void (await link(vault.id, { method: 'PATCH', body }))}
      touches={TOUCHED.vault}
      needs={{ action: 'Microsoft.RecoveryServices/vaults/write', on: vault.id }}
      equal={{ rest: { method: 'PATCH', path: vault.id, body } }}
      onClose={onClose}
    >
      <div>
        <Switch
          label={t.jobFailures}
          checked={isOn}
          onChange={(_, { checked }) => setIsOn(checked)}
        />
        <Text block size={200}>
          {t.jobFailuresHint}
        </Text>
      </div>
      <Text>{t.destructive}</Text>
      <Text>{t.elsewhere}</Text>
    </FormPanel>
  );
}
