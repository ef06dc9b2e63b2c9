/** Changes a vault pool: whether it takes new vaults, and its folder while it holds none. */
import { Field, Input, Switch } from '@fluentui/react-components';
import { useState } from 'react';
import { STORAGE_ACTION, put } from '../../api/storage';
import type { VaultPool } from '../../api/storage';
import { TOUCHED } from '../../frame/touched';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

export function ChangePool({ pool, onClose }: { pool: VaultPool; onClose: () => void }) {
  const t = useText(text);
  const terms = useTerms();
  const before = pool.properties;
  const [folder, setFolder] = useState(before.folder);
  const [takesVaults, setTakes] = useState(before.takesVaults);
  const isMoved = folder !== before.folder;
  const isTold = takesVaults !== before.takesVaults;
  const wrong = folder.startsWith('/') ? undefined : t.folderWrong;
  const body = {
    properties: { ...(isMoved && { folder }), ...(isTold && { takesVaults }) },
  };
  const words = [
    isMoved && `--folder ${quoted(folder)}`,
    isTold && `--takes-vaults ${takesVaults}`,
  ];
  return (
    <FormPanel
      title={`${t.pool}: ${pool.name}`}
      label={terms.save}
      told={{
        begun: t.changing(pool.name),
        done: t.changed(pool.name),
        failed: t.notChanged(pool.name),
      }}
      work={() => put(pool.id, body)}
      touches={TOUCHED.pool}
      needs={{ action: STORAGE_ACTION.poolWrite, on: pool.id }}
      refused={wrong ?? (isMoved || isTold ? undefined : t.nothingChanged)}
      equal={{
        stillpoint: ['stillpoint pool set', quoted(pool.name), ...words.filter(Boolean)].join(' '),
        rest: { method: 'PUT', path: pool.id, body },
      }}
      onClose={onClose}
    >
      <Switch
        label={t.takes}
        checked={takesVaults}
        onChange={(_, { checked }) => setTakes(checked)}
      />
      <Field
        label={t.folder}
        hint={before.vaults ? t.folderFixed : t.folderHint}
        validationMessage={wrong}
      >
        <Input
          value={folder}
          disabled={before.vaults > 0}
          onChange={(_, { value }) => setFolder(value)}
        />
      </Field>
    </FormPanel>
  );
}
