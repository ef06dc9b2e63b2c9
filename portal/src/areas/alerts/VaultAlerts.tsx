/** Alerts of a vault, and which of them it raises (PORTAL-22). */
import { AlertUrgentRegular, ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ALERTS } from '../../api/alerts';
import { useVaultId } from '../../api/useVaultId';
import { Command } from '../../parts/Command';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';
import { AlertList } from './AlertList';
import { ConfigureAlerts } from './ConfigureAlerts';
import { text } from './text';

export default function VaultAlerts({ of }: { of: VaultPlace }) {
  const t = useText(text);
  const terms = useTerms();
  const client = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const refresh = () => void client.invalidateQueries({ queryKey: [ALERTS] });
  return (
    <VaultLayout
      of={of}
      section="alerts"
      commands={
        <>
          <Command label={t.configure} icon={AlertUrgentRegular} onClick={() => setIsOpen(true)} />
          <Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />
        </>
      }
    >
      <AlertList scope={useVaultId(of.group, of.vault)} />
      {isOpen && <ConfigureAlerts of={of} onClose={() => setIsOpen(false)} />}
    </VaultLayout>
  );
}
