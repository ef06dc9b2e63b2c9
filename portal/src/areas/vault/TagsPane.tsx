/** The pane of a vault's tags (VAULT-15). */
import { Body1, Button, Field, Input, makeStyles } from '@fluentui/react-components';
import { AddRegular, DeleteRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Vault } from '../../api/vaults';
import { VAULT_ACTION, setTags, vaultQuery } from '../../api/vaults';
import { path } from '../../frame/paths';
import { useWork } from '../../frame/useWork';
import { Equal } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { Guarded } from '../../parts/Guarded';
import { Panel } from '../../parts/Panel';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import type { VaultPlace } from './VaultLayout';
import { text } from './tagsText';

type Tag = [name: string, value: string];

const useStyles = makeStyles({
  row: { display: 'grid', gridTemplateColumns: '1fr 1fr auto', gap: '8px', alignItems: 'start' },
  remove: { marginTop: '26px' },
});

export function TagsPane({ of, onClose }: { of: VaultPlace; onClose: () => void }) {
  const { data } = useQuery(vaultQuery(of.group, of.vault));
  // The fields begin with what there is.
  return data ? <Tags vault={data} of={of} onClose={onClose} /> : null;
}

function Tags({ vault, of, onClose }: { vault: Vault; of: VaultPlace; onClose: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const { work, isBusy, error } = useWork(['vaults']);
  const [tags, setRows] = useState<Tag[]>(() => Object.entries(vault.tags));
  const change = (at: number, tag: Tag) => setRows(tags.map((one, i) => (i === at ? tag : one)));
  const wrong = (name: string, at: number) => {
    if (name === '') return t.missing;
    const same = tags.findIndex(([other]) => other.toLowerCase() === name.toLowerCase());
    return same < at ? t.twice : undefined;
  };
  const body = { tags: Object.fromEntries(tags) };
  const save = async () => {
    const said = { begun: t.saving(vault.name), failed: t.failed(vault.name) };
    const isDone = await work(said, async () => {
      await setTags(vault.id, body.tags);
      const to = { path: path.vault(of.group, of.vault, 'properties'), label: vault.name };
      return { title: t.saved(vault.name), to };
    });
    if (isDone) onClose();
  };
  return (
    <Panel
      title={t.title}
      onClose={onClose}
      actions={
        <>
          <Guarded
            appearance="primary"
            refused={tags.map(([name], at) => wrong(name, at)).find((one) => one)}
            needs={{ action: VAULT_ACTION.write, on: vault.id }}
            isBusy={isBusy}
            onClick={() => void save()}
          >
            {terms.save}
          </Guarded>
          <Button onClick={onClose}>{terms.cancel}</Button>
        </>
      }
    >
      <Body1>{t.intro}</Body1>
      {tags.map(([name, value], at) => (
        <div key={at} className={styles.row}>
          <Field label={t.name} validationMessage={name ? wrong(name, at) : undefined}>
            <Input value={name} onChange={(_, d) => change(at, [d.value, value])} />
          </Field>
          <Field label={t.value}>
            <Input value={value} onChange={(_, d) => change(at, [name, d.value])} />
          </Field>
          <Button
            className={styles.remove}
            appearance="subtle"
            icon={<DeleteRegular />}
            aria-label={t.remove(name)}
            onClick={() => setRows(tags.filter((_, i) => i !== at))}
          />
        </div>
      ))}
      <div>
        <Button icon={<AddRegular />} onClick={() => setRows([...tags, ['', '']])}>
          {t.add}
        </Button>
      </div>
      {error !== undefined && <Failure error={error} />}
      <Equal to={{ rest: { method: 'PATCH', path: vault.id, body } }} />
    </Panel>
  );
}
