/** Changes a limit, or sets it back to its default. */
import { Field, Input } from '@fluentui/react-components';
import { useState } from 'react';
import { LIMIT_ACTION, limitBody, resetLimit, setLimit } from '../../api/limits';
import type { Limit } from '../../api/limits';
import { TOUCHED } from '../../frame/touched';
import { FormPanel } from '../../parts/FormPanel';
import { useNumbers } from '../../text/numbers';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

const MOST = 1_000_000_000;

export function ChangeLimit({ limit, onClose }: { limit: Limit; onClose: () => void }) {
  const t = useText(text);
  const terms = useTerms();
  const { count } = useNumbers();
  const { most, default: usual } = limit.properties;
  const [typed, setTyped] = useState(most === null || most === undefined ? '' : String(most));
  const name = word(t.names, limit.name);
  const wrong = /^\d+$/.test(typed) && Number(typed) <= MOST ? undefined : t.wrong;
  const body = limitBody(Number(typed));
  return (
    <FormPanel
      title={t.changeTitle(name)}
      label={terms.save}
      told={{ begun: t.changing(name), done: t.changed(name), failed: t.notChanged(name) }}
      work={() => setLimit(limit, Number(typed))}
      touches={TOUCHED.limits}
      needs={{ action: LIMIT_ACTION.write, on: limit.id }}
      refused={wrong ?? (Number(typed) === most ? t.same : undefined)}
      equal={{
        stillpoint: `stillpoint limit set ${limit.name} ${typed || '0'}`,
        rest: { method: 'PUT', path: limit.id, body },
      }}
      onClose={onClose}
    >
      <Field
        label={t.most}
        hint={t.mostHint(usual === null || usual === undefined ? t.none : count(usual))}
        required
        validationMessage={typed ? wrong : undefined}
      >
        <Input
          inputMode="numeric"
          value={typed}
          onChange={(_, { value }) => setTyped(value.trim())}
        />
      </Field>
    </FormPanel>
  );
}

export function ResetLimit({ limit, onClose }: { limit: Limit; onClose: () => void }) {
  const t = useText(text);
  const { count } = useNumbers();
  const name = word(t.names, limit.name);
  const usual = limit.properties.default;
  return (
    <FormPanel
      title={t.changeTitle(name)}
      label={t.reset}
      told={{ begun: t.changing(name), done: t.changed(name), failed: t.notChanged(name) }}
      work={() => resetLimit(limit)}
      touches={TOUCHED.limits}
      needs={{ action: LIMIT_ACTION.delete, on: limit.id }}
      equal={{
        stillpoint: `stillpoint limit reset ${limit.name}`,
        rest: { method: 'DELETE', path: limit.id },
      }}
      onClose={onClose}
    >
      {t.usual}: {usual === null || usual === undefined ? t.none : count(usual)}
    </FormPanel>
  );
}
