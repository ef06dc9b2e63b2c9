/** A policy: what it says, when it runs next, which machines have it. */
import { Subtitle1, makeStyles } from '@fluentui/react-components';
import { ArrowClockwiseRegular, DeleteRegular, EditRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { groupOf, machineOf, vaultOf } from '../../api/ids';
import { itemQuery } from '../../api/items';
import { policyQuery, settingsQuery } from '../../api/policies';
import type { Policy as Found } from '../../api/policies';
import { vaultQuery } from '../../api/vaults';
import { path } from '../../frame/paths';
import { Command } from '../../parts/Command';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { useTime } from '../../text/time';
import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';
import { DeletePolicy } from './DeletePolicy';
import { PolicyDetails } from './PolicyDetails';
import { PolicyForm } from './PolicyForm';
import { PolicyItems, usePolicyItems } from './PolicyItems';
import { Preview } from './Preview';
import { isKnown, nextRuns } from './runs';
import { text } from './text';
import { bodyOf, draftOf } from './wire';

const useStyles = makeStyles({
  section: { margin: '16px 0 8px', display: 'block' },
  runs: { margin: 0, paddingLeft: '20px', minHeight: '60px' },
});

/** How many runs are told. */
const RUNS = 3;
const WRITES = 'Microsoft.RecoveryServices/vaults/backupPolicies';

export default function Policy({ of, policy: name }: { of: VaultPlace; policy: string }) {
  const t = useText(text);
  const terms = useTerms();
  const [, go] = useLocation();
  const [open, setOpen] = useState<'edit' | 'delete'>();
  const { data, error, refetch } = useQuery(policyQuery(of, name));
  const { data: vault } = useQuery(vaultQuery(of.group, of.vault));
  const close = () => setOpen(undefined);
  const needs = (verb: string) => vault && { action: `${WRITES}/${verb}`, on: vault.id };
  return (
    <VaultLayout
      of={of}
      section="policies"
      title={data?.name ?? name}
      commands={
        <>
          <Command
            label={t.edit}
            icon={EditRegular}
            needs={needs('write')}
            onClick={() => setOpen('edit')}
          />
          <Command
            label={terms.delete}
            icon={DeleteRegular}
            needs={needs('delete')}
            onClick={() => setOpen('delete')}
          />
          <Command
            label={terms.refresh}
            icon={ArrowClockwiseRegular}
            onClick={() => void refetch()}
          />
        </>
      }
    >
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && <Content of={of} policy={data} />}
      {data && open === 'edit' && <PolicyForm of={of} policy={data} onClose={close} />}
      {data && open === 'delete' && (
        <DeletePolicy
          policy={data}
          onClose={close}
          onDeleted={() => go(path.vault(of.group, of.vault, 'policies'))}
        />
      )}
    </VaultLayout>
  );
}

function Content({ of, policy }: { of: VaultPlace; policy: Found }) {
  const styles = useStyles();
  const t = useText(text);
  const draft = draftOf(policy);
  const { data: settings } = useQuery(settingsQuery(of, policy.name));
  const items = usePolicyItems(of, policy.name);
  return (
    <>
      <PolicyDetails of={draft} settings={settings} />
      <Subtitle1 as="h2" className={styles.section}>
        {t.nextRuns}
      </Subtitle1>
      <NextRuns policy={policy} items={items.rows} />
      <Subtitle1 as="h2" className={styles.section}>
        {t.preview}
      </Subtitle1>
      <Preview body={bodyOf(draft)} />
      <Subtitle1 as="h2" className={styles.section}>
        {t.items}
      </Subtitle1>
      <PolicyItems of={of} items={items} />
    </>
  );
}

/**
 * By the policy's rules; where only the server knows the zone's offset, as it says of an item.
 */
function NextRuns(props: { policy: Found; items: ReturnType<typeof usePolicyItems>['rows'] }) {
  const styles = useStyles();
  const t = useText(text);
  const time = useTime();
  const draft = draftOf(props.policy);
  const isRuled = isKnown(draft);
  const [first] = props.items;
  const id = first?.id ?? '';
  const { data: item } = useQuery({
    ...itemQuery(groupOf(id), vaultOf(id), machineOf(id)),
    enabled: !isRuled && first !== undefined,
  });
  const said = item?.properties.extendedInfo.stillpointNextRun;
  const runs = isRuled ? nextRuns(draft, RUNS) : said ? [said] : [];
  return (
    <ul className={styles.runs}>
      {runs.map((run) => (
        <li key={String(run)}>
          {time.moment(run)} ({time.ago(run)})
        </li>
      ))}
      {!runs.length && <li>{t.notYet}</li>}
    </ul>
  );
}
