/** A vault's backup jobs. */
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { allJobsPath, jobsPath } from '../../api/jobs';
import type { JobFilter } from '../../api/jobs';
import { useSubscription } from '../../api/subscription';
import { useVaultId } from '../../api/useVaultId';
import { Command } from '../../parts/Command';
import { useTerms } from '../../text/terms';
import { TOUCHED, useRefreshed } from '../../frame/touched';
import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';
import { JobList } from './JobList';

export default function VaultJobs({ of }: { of: VaultPlace }) {
  const terms = useTerms();
  const vault = useVaultId(of.group, of.vault);
  const subscription = useSubscription()?.id;
  // Azure's own list can't be asked for an item's.
  const pathOf = (filter: JobFilter) =>
    filter.item
      ? subscription && allJobsPath(subscription, filter)
      : vault && jobsPath(vault, filter);
  const refreshed = useRefreshed();
  return (
    <VaultLayout
      of={of}
      section="jobs"
      commands={
        <Command
          label={terms.refresh}
          icon={ArrowClockwiseRegular}
          onClick={() => void refreshed(TOUCHED.item)}
        />
      }
    >
      <JobList pathOf={pathOf} />
    </VaultLayout>
  );
}
