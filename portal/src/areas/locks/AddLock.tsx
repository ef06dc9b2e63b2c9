/** The pane that adds a lock to a scope. */
import { Field, Input, Radio, RadioGroup, Textarea } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { LockLevel } from '../../api/locks';
import { LEVELS, LOCK_ACTION, locksQuery, putLock, scopeOfLock } from '../../api/locks';
import { TOUCHED } from '../../frame/touched';
import { FormPanel } from '../../parts/FormPanel';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { createEqual } from './commands';
import { text } from './text';

const GOOD = /^[\p{L}\p{N}\-_.() ]{1,90}$/u;

/** `to`: where the notification leads. */
export function AddLock(props: { scope: string; to: string; onClose: () => void }) {
  const { scope } = props;
  const t = useText(text);
  const terms = useTerms();
  const { data: locks = [] } = useQuery(locksQuery(scope));
  const [name, setName] = useState('');
  const [level, setLevel] = useState<LockLevel>('CanNotDelete');
  const [notes, setNotes] = useState('');
  const isTaken = locks.some(
    (lock) =>
      lock.name.toLowerCase() === name.toLowerCase() &&
      scopeOfLock(lock).toLowerCase() === scope.toLowerCase(),
  );
  const wrong = !GOOD.test(name) ? t.nameRule : isTaken ? t.nameTaken : undefined;
  const work = async () => {
    await putLock(scope, name, level, notes);
    return { to: { path: props.to, label: t.locks } };
  };
  return (
    <FormPanel
      title={t.addLock}
      label={terms.ok}
      told={{ begun: t.creating(name), done: t.created(name), failed: t.notCreated(name) }}
      work={work}
      touches={TOUCHED.lock}
      needs={{ action: LOCK_ACTION.write, on: scope }}
      refused={wrong}
      equal={wrong === undefined ? createEqual(scope, name, level, notes) : undefined}
      onClose={props.onClose}
    >
      <Field label={t.name} required hint={t.nameRule} validationMessage={name ? wrong : undefined}>
        <Input value={name} autoComplete="off" onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t.level}>
        <RadioGroup value={level} onChange={(_, { value }) => setLevel(value as LockLevel)}>
          {LEVELS.map((one) => (
            <Radio
              key={one}
              value={one}
              label={
                <>
                  {t.levels[one]}
                  <br />
                  <small>{t.levelWhat[one]}</small>
                </>
              }
            />
          ))}
        </RadioGroup>
      </Field>
      <Field label={t.notes} hint={t.notesHint}>
        <Textarea value={notes} onChange={(_, { value }) => setNotes(value)} />
      </Field>
    </FormPanel>
  );
}
