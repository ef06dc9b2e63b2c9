/** Policies as a list: when, how long, how many items. */
import { DeleteRegular, EditRegular } from '@fluentui/react-icons';
import { useMemo, useState } from 'react';
import { groupOf, vaultOf } from '../../api/ids';
import type { Policy } from '../../api/policies';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { RowMenu } from '../../parts/RowMenu';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { useNumbers } from '../../text/numbers';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { DeletePolicy } from './DeletePolicy';
import { PolicyForm } from './PolicyForm';
import { text } from './text';
import { draftOf } from './wire';
import { usePolicyWords } from './words';

const POLICIES = 'Microsoft.RecoveryServices/vaults/backupPolicies';

export const inOf = (policy: Policy) => ({
  group: groupOf(policy.id),
  vault: vaultOf(policy.id),
});

export function PolicyTable(props: {
  policies: Policy[];
  /** Whether the list is of all vaults. */
  hasVaults?: boolean;
}) {
  const { policies, hasVaults } = props;
  const t = useText(text);
  const terms = useTerms();
  const words = usePolicyWords();
  const { count } = useNumbers();
  const [edited, setEdited] = useState<Policy>();
  const [deleted, setDeleted] = useState<Policy>();
  const rows = useMemo(() => policies.map((p) => ({ policy: p, draft: draftOf(p) })), [policies]);
  type Row = (typeof rows)[number];
  const items = ({ policy }: Row) => policy.properties.protectedItemsCount;
  const columns: Column<Row>[] = [
    {
      key: 'name',
      label: terms.name,
      by: ({ policy }) => policy.name,
      cell: ({ policy }) => <PageLink to={path.policy(policy.id)}>{policy.name}</PageLink>,
    },
    { key: 'schedule', label: t.schedule, width: 1.5, cell: ({ draft }) => words.schedule(draft) },
    {
      key: 'retention',
      label: t.retention,
      width: 1.3,
      cell: ({ draft }) => words.retention(draft),
    },
    {
      key: 'kind',
      label: t.kind,
      width: 0.6,
      by: kindBy,
      cell: ({ draft }) => t.kinds[draft.kind],
    },
    {
      key: 'items',
      label: t.items,
      width: 0.8,
      isNumber: true,
      by: items,
      cell: (r) => count(items(r)),
    },
    {
      key: 'more',
      label: terms.more,
      isLabelHidden: true,
      width: '48px',
      cell: ({ policy }) => (
        <RowMenu
          of={policy.name}
          actions={[
            {
              label: t.edit,
              icon: EditRegular,
              needs: { action: `${POLICIES}/write`, on: policy.id },
              onClick: () => setEdited(policy),
            },
            {
              label: terms.delete,
              icon: DeleteRegular,
              needs: { action: `${POLICIES}/delete`, on: policy.id },
              onClick: () => setDeleted(policy),
            },
          ]}
        />
      ),
    },
  ];
  if (hasVaults) {
    columns.splice(1, 0, {
      key: 'vault',
      label: terms.vault,
      by: ({ policy }) => vaultOf(policy.id),
      cell: ({ policy }) => {
        const { group, vault } = inOf(policy);
        return <PageLink to={path.vault(group, vault, 'policies')}>{vault}</PageLink>;
      },
    });
  }
  return (
    <>
      <Table label={t.policies} columns={columns} rows={rows} id={({ policy }) => policy.id} />
      {edited && (
        <PolicyForm of={inOf(edited)} policy={edited} onClose={() => setEdited(undefined)} />
      )}
      {deleted && <DeletePolicy policy={deleted} onClose={() => setDeleted(undefined)} />}
    </>
  );
}

const kindBy = ({ draft }: { draft: { kind: string } }) => draft.kind;
