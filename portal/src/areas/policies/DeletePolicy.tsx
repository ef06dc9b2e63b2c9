/** Deletes a policy, which the server refuses while machines have it. */
import { Button, Text } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { groupOf, vaultOf } from '../../api/ids';
import { useRefusal } from '../../api/permissions';
import { deletePolicy } from '../../api/policies';
import type { Policy } from '../../api/policies';
import { useTold } from '../../frame/notifications';
import { Equal } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { Panel } from '../../parts/Panel';
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
  const told = useTold();
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [isBusy, setIsBusy] = useState(false);
  const action = 'Microsoft.RecoveryServices/vaults/backupPolicies/delete';
  const refused = useRefusal({ action, on: vaultId });
  const work = async () => {
    try {
      await deletePolicy(of, name);
    } catch (error) {
      setError(error);
      throw error;
    }
    await client.invalidateQueries({ queryKey: ['policies'] });
    props.onClose();
    props.onDeleted?.();
    return { title: t.deleted(name) };
  };
  const remove = async () => {
    setIsBusy(true);
    setError(undefined);
    const isGone = await told({ begun: t.deleting(name), failed: t.notDeleted(name) }, work);
    if (!isGone) setIsBusy(false);
  };
  const items = properties.protectedItemsCount;
  return (
    <Panel
      size="small"
      title={t.deleteTitle(name)}
      onClose={props.onClose}
      actions={
        <>
          <Button
            appearance="primary"
            disabledFocusable={isBusy || refused !== undefined}
            onClick={() => void remove()}
          >
            {terms.delete}
          </Button>
          <Button onClick={props.onClose}>{terms.cancel}</Button>
        </>
      }
    >
      <Text>{t.deleteBody}</Text>
      {items > 0 && <Text>{t.deleteInUse(items)}</Text>}
      {isFirst(name) && <Text>{t.deleteFirst}</Text>}
      {refused && <Text>{refused}</Text>}
      {error !== undefined && <Failure error={error} />}
      <Equal to={deletingPolicy(of, vaultId, name)} />
    </Panel>
  );
}
