/** Chooses a policy for a vault that is not there yet: one of the first two, or a new one. */
import {
  Button,
  Dropdown,
  Field,
  Option,
  Text,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { AddRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import type { In } from '../../api/policies';
import { useText } from '../../text/text';
import type { Draft } from './draft';
import { FIRST, enhancedDefault, standardDefault } from './first';
import type { Kept } from './first';
import { PolicyDetails } from './PolicyDetails';
import { PolicyForm } from './PolicyForm';
import { text } from './text';
import { draftOfBody } from './wire';

const useStyles = makeStyles({
  all: { display: 'grid', gap: '12px', alignContent: 'start' },
  details: {
    minHeight: '180px',
    padding: '12px 16px 0',
    backgroundColor: tokens.colorNeutralBackground2,
    borderRadius: tokens.borderRadiusMedium,
  },
  title: { display: 'block', paddingBottom: '8px' },
});

export interface FirstPolicy {
  name: string;
  /** The new one, once it was written. */
  kept?: Kept;
}

export function FirstPolicyPicker(props: {
  of: In;
  chosen: FirstPolicy;
  onChange: (chosen: FirstPolicy) => void;
}) {
  const { chosen, onChange } = props;
  const { kept } = chosen;
  const styles = useStyles();
  const t = useText(text);
  const [isOpen, setIsOpen] = useState(false);
  const drafts: Draft[] = [standardDefault(), enhancedDefault()];
  if (kept) drafts.push(draftOfBody(kept.name, kept.body));
  const draft = drafts.find((d) => d.name === chosen.name);
  const said = (name: string) => (FIRST.includes(name) ? name : t.newHere(name));
  return (
    <div className={styles.all}>
      <Field label={t.choose} required>
        <Dropdown
          value={said(chosen.name)}
          selectedOptions={[chosen.name]}
          onOptionSelect={(_, { optionValue }) =>
            optionValue && onChange({ ...chosen, name: optionValue })
          }
        >
          {drafts.map(({ name }) => (
            <Option key={name} value={name}>
              {said(name)}
            </Option>
          ))}
        </Dropdown>
      </Field>
      <div>
        <Button size="small" icon={<AddRegular />} onClick={() => setIsOpen(true)}>
          {t.createNew}
        </Button>
      </div>
      <div className={styles.details} role="group" aria-label={t.chosenDetails}>
        <Text weight="semibold" className={styles.title}>
          {t.chosenDetails}
        </Text>
        {draft && <PolicyDetails of={draft} />}
      </div>
      {isOpen && (
        <PolicyForm
          of={props.of}
          onClose={() => setIsOpen(false)}
          keep={(kept) => onChange({ name: kept.name, kept })}
        />
      )}
    </div>
  );
}
