/** Gives a restore folder another path; what was restored stays where it is. */
import { Field, Input } from '@fluentui/react-components';
import { useState } from 'react';
import { groupOf } from '../../api/ids';
import { STORAGE_ACTION, put } from '../../api/storage';
import type { RestoreFolder } from '../../api/storage';
import { TOUCHED } from '../../frame/touched';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

export function ChangeFolder({
  folder: of,
  onClose,
}: {
  folder: RestoreFolder;
  onClose: () => void;
}) {
  const t = useText(text);
  const terms = useTerms();
  const [folder, setFolder] = useState(of.properties.folder);
  const wrong = folder.startsWith('/') ? undefined : t.folderWrong;
  const body = { properties: { folder } };
  return (
    <FormPanel
      title={`${t.restoreFolder}: ${of.name}`}
      label={terms.save}
      told={{ begun: t.changing(of.name), done: t.changed(of.name), failed: t.notChanged(of.name) }}
      work={() => put(of.id, body)}
      touches={TOUCHED.folder}
      needs={{ action: STORAGE_ACTION.folderWrite, on: of.id }}
      refused={wrong ?? (folder === of.properties.folder ? t.nothingChanged : undefined)}
      equal={{
        stillpoint: `stillpoint restore-folder set ${quoted(of.name)} --folder ${quoted(folder)} -g ${quoted(groupOf(of.id))}`,
        rest: { method: 'PUT', path: of.id, body },
      }}
      onClose={onClose}
    >
      <Field label={t.folder} hint={t.folderHint} validationMessage={wrong}>
        <Input value={folder} onChange={(_, { value }) => setFolder(value)} />
      </Field>
    </FormPanel>
  );
}
