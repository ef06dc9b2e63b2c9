/** Deleting a lock, once it is confirmed. */
import type { Lock } from '../../api/locks';
import { LOCK_ACTION, deleteLock, scopeOfLock } from '../../api/locks';
import { TOUCHED } from '../../frame/touched';
import { FormPanel } from '../../parts/FormPanel';
import { useText } from '../../text/text';
import { deleteEqual } from './commands';
import { text } from './text';
import { useScopeName } from './useScopeName';

export function DeleteLock(props: { lock: Lock; here: string; onClose: () => void }) {
  const { lock } = props;
  const t = useText(text);
  const scope = scopeOfLock(lock);
  const what = useScopeName(props.here)(scope);
  return (
    <FormPanel
      size="small"
      title={t.removeTitle(lock.name)}
      label={t.remove}
      told={{
        begun: t.deleting(lock.name),
        done: t.deleted(lock.name),
        failed: t.notDeleted(lock.name),
      }}
      work={() => deleteLock(lock)}
      touches={TOUCHED.lock}
      needs={{ action: LOCK_ACTION.delete, on: scope }}
      equal={deleteEqual(scope, lock.name)}
      onClose={props.onClose}
    >
      {t.removeBody(what)}
    </FormPanel>
  );
}
