/** The activity log of a vault. */
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { ACTIVITY } from '../../api/activity';
import { useVaultId } from '../../api/useVaultId';
import { Command } from '../../parts/Command';
import { Waiting } from '../../parts/Waiting';
import { useTerms } from '../../text/terms';
import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';
import { ActivityList } from './ActivityList';

export default function VaultActivity({ of }: { of: VaultPlace }) {
  const terms = useTerms();
  const client = useQueryClient();
  const scope = useVaultId(of.group, of.vault);
  const refresh = () => void client.invalidateQueries({ queryKey: [ACTIVITY] });
  return (
    <VaultLayout
      of={of}
      section="activity"
      commands={<Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />}
    >
      {scope ? <ActivityList scope={scope} /> : <Waiting />}
    </VaultLayout>
  );
}
