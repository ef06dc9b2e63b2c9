/** A vault's name; its rule is shown as one types (VAULT-3). */
import { Field, Input } from '@fluentui/react-components';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

export function NameField(props: {
  name: string;
  wrong?: string;
  onChange: (name: string) => void;
}) {
  const t = useText(text);
  const terms = useTerms();
  const isGood = props.name !== '' && props.wrong === undefined;
  return (
    <Field
      label={terms.name}
      required
      hint={t.nameHint}
      validationState={props.wrong ? 'error' : isGood ? 'success' : 'none'}
      validationMessage={props.wrong ?? (isGood ? t.nameGood : undefined)}
    >
      <Input
        autoFocus
        autoComplete="off"
        spellCheck={false}
        value={props.name}
        onChange={(_, { value }) => props.onChange(value)}
      />
    </Field>
  );
}
