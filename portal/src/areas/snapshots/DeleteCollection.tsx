/** Deletes a collection of snapshots (PORTAL-23). */
import { COLLECTION_DELETE, deleteCollection } from '../../api/collections';
import { groupOf, nameOf } from '../../api/ids';
import { TOUCHED } from '../../frame/touched';
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
  const name = nameOf(id);
  return (
    <FormPanel
      title={t.removeTitle(name)}
      label={t.remove}
      told={{ begun: t.removing(name), done: t.removed(name), failed: t.notRemoved(name) }}
      work={() => deleteCollection(id)}
      touches={TOUCHED.snapshots}
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
