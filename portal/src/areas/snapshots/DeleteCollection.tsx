/** Deletes a collection of snapshots (PORTAL-23). */
import { useQueryClient } from '@tanstack/react-query';
import { COLLECTIONS, COLLECTION_DELETE, deleteCollection } from '../../api/collections';
import { groupOf, nameOf } from '../../api/ids';
import { RESOURCES } from '../../api/resources';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useText } from '../../text/text';
import { text } from './text';

export function DeleteCollection(props: {
  id: string;
  /** What people call the machine whose snapshots are in it. */
  machine: string;
  onClose: () => void;
}) {
  const { id, machine } = props;
  const t = useText(text);
  const client = useQueryClient();
  const name = nameOf(id);
  const work = async () => {
    await deleteCollection(id);
    await client.invalidateQueries({ queryKey: [COLLECTIONS] });
    await client.invalidateQueries({ queryKey: [RESOURCES] });
  };
  return (
    <FormPanel
      title={t.removeTitle(name)}
      label={t.remove}
      told={{ begun: t.removing(name), done: t.removed(name), failed: t.notRemoved(name) }}
      work={work}
      needs={{ action: COLLECTION_DELETE, on: id }}
      equal={{
        az: `az restore-point collection delete -g ${quoted(groupOf(id))} --collection-name ${quoted(name)} --yes`,
        rest: { method: 'DELETE', path: id },
      }}
      onClose={props.onClose}
    >
      {t.removeWhy(machine)}
    </FormPanel>
  );
}
