/** Deleting a lock, once it is confirmed. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';
import type { Lock } from '../../api/locks';
import { deleteLock, scopeOfLock } from '../../api/locks';
import { useWork } from '../../frame/useWork';
import { Equal } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { deleteEqual } from './commands';
import { text } from './text';
import { useScopeName } from './useScopeName';

export function DeleteLock(props: { lock: Lock; here: string; onClose: () => void }) {
  const { lock, onClose } = props;
  const t = useText(text);
  const terms = useTerms();
  const { work, isBusy, error } = useWork(['locks']);
  const scope = scopeOfLock(lock);
  const what = useScopeName(props.here)(scope);
  const remove = async () => {
    const said = { begun: t.deleting(lock.name), failed: t.notDeleted(lock.name) };
    const isDone = await work(said, async () => {
      await deleteLock(lock);
      return { title: t.deleted(lock.name) };
    });
    if (isDone) onClose();
  };
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t.removeTitle(lock.name)}</DialogTitle>
          <DialogContent>
            <p>{t.removeBody(what)}</p>
            {error !== undefined && <Failure error={error} />}
            <Equal to={deleteEqual(scope, lock.name)} />
          </DialogContent>
          <DialogActions>
            <Button
              appearance="primary"
              disabledFocusable={isBusy}
              onClick={() => !isBusy && void remove()}
            >
              {t.remove}
            </Button>
            <Button onClick={onClose}>{terms.cancel}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
