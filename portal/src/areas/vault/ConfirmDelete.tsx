/** The end of the checklist: the vault's name, typed as it is written, and the button. */
import { Field, Input, makeStyles } from '@fluentui/react-components';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { VAULT_ACTION, deleteVault } from '../../api/vaults';
import { TOUCHED } from '../../frame/touched';
import { useWork } from '../../frame/useWork';
import { Equal } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { Guarded } from '../../parts/Guarded';
import { useText } from '../../text/text';
import type { VaultPlace } from './VaultLayout';
import { deleteEqual } from './commands';
import { text } from './deleteText';

const useStyles = makeStyles({
  all: { display: 'grid', gap: '12px', justifyItems: 'start', width: '100%', maxWidth: '560px' },
  field: { width: '100%' },
});

export function ConfirmDelete({ of, id }: { of: VaultPlace; id: string }) {
  const { vault } = of;
  const styles = useStyles();
  const t = useText(text);
  const [, go] = useLocation();
  const { work, isBusy, error } = useWork(TOUCHED.vault);
  const [typed, setTyped] = useState('');
  // The server has the last word on whether it is empty: what it says is shown.
  const remove = () =>
    void work({ begun: t.deleting(vault), failed: t.failed(vault) }, async () => {
      await deleteVault(id);
      go('/vaults');
      return { title: t.gone(vault), to: { path: '/vaults', label: t.toVaults } };
    });
  return (
    <div className={styles.all}>
      <Field className={styles.field} label={t.type(vault)}>
        <Input
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(_, { value }) => setTyped(value)}
        />
      </Field>
      {error !== undefined && <Failure error={error} />}
      <Guarded
        appearance="primary"
        refused={typed === vault ? undefined : t.typeFirst}
        needs={{ action: VAULT_ACTION.delete, on: id }}
        isBusy={isBusy}
        onClick={remove}
      >
        {t.remove}
      </Guarded>
      <Equal to={deleteEqual(of, id)} />
    </div>
  );
}
