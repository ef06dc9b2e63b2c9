/** Chooses a policy for a vault that is not there yet: one of the first two, or a new one. */
import { Button } from '@fluentui/react-components';
import { AddRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import type { In } from '../../api/policies';
import { useText } from '../../text/text';
import type { Draft } from './draft';
import { FIRST, enhancedDefault, standardDefault } from './first';
import type { Kept } from './first';
import { PolicyChoice } from './PolicyChoice';
import { PolicyForm } from './PolicyForm';
import { text } from './text';
import { draftOfBody } from './wire';

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
  const t = useText(text);
  const [isOpen, setIsOpen] = useState(false);
  const drafts: Draft[] = [standardDefault(), enhancedDefault()];
  if (kept) drafts.push(draftOfBody(kept.name, kept.body));
  const draft = drafts.find((d) => d.name === chosen.name);
  const said = (name: string) => (FIRST.includes(name) ? name : t.newHere(name));
  return (
    <PolicyChoice
      value={chosen.name}
      options={drafts.map(({ name }) => ({ id: name, name: said(name) }))}
      onChange={(name) => onChange({ ...chosen, name })}
      draft={draft}
      buttons={
        <Button size="small" icon={<AddRegular />} onClick={() => setIsOpen(true)}>
          {t.createNew}
        </Button>
      }
    >
      {isOpen && (
        <PolicyForm
          of={props.of}
          onClose={() => setIsOpen(false)}
          keep={(kept) => onChange({ name: kept.name, kept })}
        />
      )}
    </PolicyChoice>
  );
}
