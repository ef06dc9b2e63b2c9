/** Snapshot groups of the service, and the collections of snapshots in them (PORTAL-23). */
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { COLLECTIONS } from '../../api/collections';
import { GROUPS } from '../../api/groups';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Page } from '../../parts/Page';
import { Waiting } from '../../parts/Waiting';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { Collections } from './Collections';
import { SnapshotGroups } from './SnapshotGroups';

export default function Snapshots() {
  const names = useText(frame);
  const terms = useTerms();
  const client = useQueryClient();
  const subscription = useSubscription()?.id;
  const refresh = () =>
    void Promise.all(
      [COLLECTIONS, GROUPS, 'locks'].map((key) => client.invalidateQueries({ queryKey: [key] })),
    );
  return (
    <Page
      title={names.snapshots}
      commands={<Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />}
    >
      {subscription ? (
        <>
          <SnapshotGroups subscription={subscription} />
          <Collections subscription={subscription} />
        </>
      ) : (
        <Waiting />
      )}
    </Page>
  );
}
