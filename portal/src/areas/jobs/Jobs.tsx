/** The backup jobs of all vaults. */
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { allJobsPath } from '../../api/jobs';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Page } from '../../parts/Page';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { TOUCHED, useRefreshed } from '../../frame/touched';
import { JobList } from './JobList';

export default function Jobs() {
  const names = useText(frame);
  const terms = useTerms();
  const subscription = useSubscription()?.id;
  const refreshed = useRefreshed();
  return (
    <Page
      title={names.jobs}
      commands={
        <Command
          label={terms.refresh}
          icon={ArrowClockwiseRegular}
          onClick={() => void refreshed(TOUCHED.item)}
        />
      }
    >
      <JobList hasVault pathOf={(filter) => subscription && allJobsPath(subscription, filter)} />
    </Page>
  );
}
