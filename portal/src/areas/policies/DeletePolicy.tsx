/** Deletes a policy, which the server refuses while machines have it. */
import { Text } from '@fluentui/react-components';
import { groupOf, vaultOf } from '../../api/ids';
import { deletePolicy } from '../../api/policies';
import type { Policy } from '../../api/policies';
import { TOUCHED } from '../../frame/touched';
import { FormPanel } from '../../parts/FormPanel';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { deletingPolicy } from './equal';
import { isFirst } from './first';
import { text } from './text';

export function DeletePolicy(props: {
  policy: Policy;
  onClose: () => void;
  onDeleted?: () => void;
}) {
  const { id, name, properties } = props.policy;
  const of = { group: groupOf(id), vault: vaultOf(id) };
  const vaultId = id.slice(0, id.toLowerCase().indexOf('/backuppolicies/'));
  const t = useText(text);
  const terms = useTerms();
  const work = async () => {
    await deletePolicy(of, name);
    props.onDeleted?.();
  };
  const items = properties.protectedItemsCount;
  return (
    <FormPanel
      size="small"
      title={t.deleteTitle(name)}
      label={terms.delete}
      told={{ begun: t.deleting(name), done: t.deleted(name), failed: t.notDeleted(name) }}
      work={work}
      touches={TOUCHED.policy}
      needs={{ action: 'Microsoft.RecoveryServices/vaults/backupPolicies/delete', on: vaultId }}
      equal={deletingPolicy(of, vaultId, name)}
      onClose={props.onClose}
    >
      <Text>{t.deleteBody}</Text>
      {items > 0 && <Text>{t.deleteInUse(items)}</Text>}
      {isFirst(name) && <Text>{t.deleteFirst}</Text>}
    </FormPanel>
  );
}
