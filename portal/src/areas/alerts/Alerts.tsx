/** Alerts of all vaults. */
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { ALERTS } from '../../api/alerts';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Page } from '../../parts/Page';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { AlertList } from './AlertList';

export default function Alerts() {
  const names = useText(frame);
  const terms = useTerms();
  const client = useQueryClient();
  const refresh = () => void client.invalidateQueries({ queryKey: [ALERTS] });
  return (
    <Page
      title={names.alerts}
      commands={<Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />}
    >
      <AlertList scope={useSubscription()?.id} hasVault />
    </Page>
  );
}
