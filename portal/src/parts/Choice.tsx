/** A field that is one of a few things. */
import { Dropdown, Field, Option } from '@fluentui/react-components';

export function Choice(props: {
  label: string;
  value: string;
  options: readonly { id: string; name: string }[];
  onChange: (id: string) => void;
  /** What stands where there is none. */
  none?: string;
  isLoading?: boolean;
  hint?: string;
}) {
  const { options } = props;
  const isNone = !props.isLoading && options.length === 0;
  return (
    <Field
      label={props.label}
      required
      hint={props.hint}
      validationMessage={isNone ? props.none : undefined}
    >
      <Dropdown
        disabled={options.length === 0}
        value={options.find(({ id }) => id === props.value)?.name ?? ''}
        selectedOptions={[props.value]}
        onOptionSelect={(_, { optionValue }) => optionValue && props.onChange(optionValue)}
      >
        {options.map(({ id, name }) => (
          <Option key={id} value={id}>
            {name}
          </Option>
        ))}
      </Dropdown>
    </Field>
  );
}
