/**
 * Chooses a policy: a list that opens, with the details of the one chosen under it, and "Create
 * a new policy" (POLICY-3, PORTAL-1, 7, 15, 16).
 */
import { Button, Text, makeStyles } from '@fluentui/react-components';
import { AddRegular, EditRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { policiesQuery } from '../../api/policies';
import type { In, Policy } from '../../api/policies';
import { Failure } from '../../parts/Failure';
import { useText } from '../../text/text';
import { DEFAULT_POLICY } from './first';
import { PolicyChoice } from './PolicyChoice';
import { PolicyForm } from './PolicyForm';
import { Preview } from './Preview';
import { text } from './text';
import { bodyOf, draftOf } from './wire';

const useStyles = makeStyles({
  preview: { display: 'grid', gap: '8px', minHeight: '180px', alignContent: 'start' },
});

export interface PolicyPickerProps {
  /** The vault. */
  of: In;
  /** The name of the policy that is chosen; the default one if left out. */
  chosen?: string;
  onChange: (name: string) => void;
  /** Whether it also shows the points that the policy will keep. */
  hasPreview?: boolean;
}

export function PolicyPicker({ of, chosen, onChange, hasPreview }: PolicyPickerProps) {
  const styles = useStyles();
  const t = useText(text);
  const policies = useQuery(policiesQuery(of));
  const [form, setForm] = useState<{ policy?: Policy }>();
  const low = (chosen ?? DEFAULT_POLICY).toLowerCase();
  const found = policies.data?.find((p) => p.name.toLowerCase() === low);
  const draft = found && draftOf(found);
  if (policies.error) return <Failure error={policies.error} retry={() => policies.refetch()} />;
  return (
    <PolicyChoice
      value={found?.name ?? ''}
      options={(policies.data ?? []).map(({ name }) => ({ id: name, name }))}
      onChange={onChange}
      draft={draft}
      buttons={
        <>
          <Button size="small" icon={<AddRegular />} onClick={() => setForm({})}>
            {t.createNew}
          </Button>
          <Button
            size="small"
            icon={<EditRegular />}
            disabled={!found}
            onClick={() => setForm({ policy: found })}
          >
            {t.editThis}
          </Button>
        </>
      }
    >
      {hasPreview && (
        <div className={styles.preview}>
          <Text weight="semibold">{t.preview}</Text>
          {draft && <Preview body={bodyOf(draft)} />}
        </div>
      )}
      {form && (
        <PolicyForm
          of={of}
          policy={form.policy}
          onClose={() => setForm(undefined)}
          onSaved={(policy) => onChange(policy.name)}
        />
      )}
    </PolicyChoice>
  );
}
