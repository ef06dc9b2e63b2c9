/** The locks that hold for a vault. */
import { AddRegular, ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { LOCK_ACTION } from '../../api/locks';
import { useVaultId } from '../../api/useVaultId';
import { path } from '../../frame/paths';
import { Command } from '../../parts/Command';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { AddLock } from '../locks/AddLock';
import { LockList } from '../locks/LockList';
import { text } from '../locks/text';
import type { VaultPlace } from './VaultLayout';
import { VaultLayout } from './VaultLayout';
import { usePane } from './usePane';

export default function Locks({ of }: { of: VaultPlace }) {
  const t = useText(text);
  const terms = useTerms();
  const client = useQueryClient();
  const id = useVaultId(of.group, of.vault);
  const { pane, open, close } = usePane(['add']);
  return (
    <VaultLayout
      of={of}
      section="locks"
      commands={
        <>
          <Command
            label={t.add}
            icon={AddRegular}
            needs={id === undefined ? undefined : { action: LOCK_ACTION.write, on: id }}
            onClick={() => open('add')}
          />
          <Command
            label={terms.refresh}
            icon={ArrowClockwiseRegular}
            onClick={() => void client.invalidateQueries({ queryKey: ['locks'] })}
          />
        </>
      }
    >
      <LockList scope={id} onAdd={() => open('add')} />
      {id !== undefined && pane === 'add' && (
        <AddLock scope={id} to={path.vault(of.group, of.vault, 'locks')} onClose={close} />
      )}
    </VaultLayout>
  );
}
