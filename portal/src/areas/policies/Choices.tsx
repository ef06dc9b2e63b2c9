/** Several of a few choices, in a list that opens. */
import { Dropdown, Field, Option } from '@fluentui/react-components';
import { useCalendar } from './calendar';

export function Choices<T extends string | number>(props: {
  label: string;
  all: readonly T[];
  chosen: readonly T[];
  word: (one: T) => string;
  onChange: (chosen: T[]) => void;
  fault?: string;
  isRequired?: boolean;
}) {
  const { all, chosen, word } = props;
  const { list } = useCalendar();
  return (
    <Field
      label={props.label}
      validationMessage={props.fault}
      validationState={props.fault ? 'error' : 'none'}
      required={props.isRequired}
    >
      <Dropdown
        multiselect
        selectedOptions={chosen.map(String)}
        value={list(all.filter((one) => chosen.includes(one)).map(word))}
        onOptionSelect={(_, { selectedOptions }) =>
          props.onChange(all.filter((one) => selectedOptions.includes(String(one))))
        }
      >
        {all.map((one) => (
          <Option key={one} value={String(one)}>
            {word(one)}
          </Option>
        ))}
      </Dropdown>
    </Field>
  );
}
