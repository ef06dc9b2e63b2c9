/** The policy of an item, with the time of its next run (PORTAL-2; PROT-9). */
import { Subtitle2 } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { groupOf, vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { policyQuery } from '../../api/policies';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { Panel } from '../../parts/Panel';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { PolicyDetails } from '../policies/PolicyDetails';
import { draftOf } from '../policies/wire';
import { text } from './text';

export default function PolicyPane({ item, onClose }: { item: Item; onClose: () => void }) {
  const t = useText(text);
  const time = useTime();
  const { policyName, policyId, extendedInfo } = item.properties;
  const of = { group: groupOf(item.id), vault: vaultOf(item.id) };
  const policy = useQuery(policyQuery(of, policyName));
  return (
    <Panel title={t.policyTitle(policyName)} onClose={onClose}>
      <Facts isSingle of={[[t.nextRun, time.moment(extendedInfo.stillpointNextRun)]]} />
      {policy.error && <Failure error={policy.error} retry={() => void policy.refetch()} />}
      {policy.isPending && <Waiting />}
      {policy.data && (
        <div>
          <Subtitle2 as="h3">{t.schedule}</Subtitle2>
          <PolicyDetails of={draftOf(policy.data)} />
        </div>
      )}
      <PageLink to={path.policy(policyId)}>{t.openPolicy}</PageLink>
    </Panel>
  );
}
