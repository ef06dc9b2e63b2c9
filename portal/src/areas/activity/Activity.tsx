/** The activity log of all. */
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { ACTIVITY } from '../../api/activity';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Page } from '../../parts/Page';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { ActivityList } from './ActivityList';

export default function Activity() {
  const names = useText(frame);
  const terms = useTerms();
  const client = useQueryClient();
  const refresh = () => void client.invalidateQueries({ queryKey: [ACTIVITY] });
  return (
    <Page
      title={names.activity}
      commands={<Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />}
    >
      <ActivityList />
    </Page>
  );
}
