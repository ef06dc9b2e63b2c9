/** The pane of a vault's tags (VAULT-15). */
import { Body1, Button, Field, Input, makeStyles } from '@fluentui/react-components';
import { AddRegular, DeleteRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Vault } from '../../api/vaults';
import { VAULT_ACTION, setTags, vaultQuery } from '../../api/vaults';
import { path } from '../../frame/paths';
import { TOUCHED } from '../../frame/touched';
import { FormPanel } from '../../parts/FormPanel';
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
  const [tags, setRows] = useState<Tag[]>(() => Object.entries(vault.tags));
  const change = (at: number, tag: Tag) => setRows(tags.map((one, i) => (i === at ? tag : one)));
  const wrong = (name: string, at: number) => {
    if (name === '') return t.missing;
    const same = tags.findIndex(([other]) => other.toLowerCase() === name.toLowerCase());
    return same < at ? t.twice : undefined;
  };
  const body = { tags: Object.fromEntries(tags) };
  const work = async () => {
    await setTags(vault.id, body.tags);
    return { to: { path: path.vault(of.group, of.vault, 'properties'), label: vault.name } };
  };
  return (
    <FormPanel
      title={t.title}
      label={terms.save}
      told={{
        begun: t.saving(vault.name),
        done: t.saved(vault.name),
        failed: t.failed(vault.name),
      }}
      work={work}
      touches={TOUCHED.vault}
      needs={{ action: VAULT_ACTION.write, on: vault.id }}
      refused={tags.map(([name], at) => wrong(name, at)).find((one) => one)}
      equal={{ rest: { method: 'PATCH', path: vault.id, body } }}
      onClose={onClose}
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
    </FormPanel>
  );
}
