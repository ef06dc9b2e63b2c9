/** A choice among the policies of an item's vault. */
import { Dropdown, Field, Option } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { groupOf, vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { policiesQuery } from '../../api/policies';
import type { Policy } from '../../api/policies';
import { Failure } from '../../parts/Failure';
import { useText } from '../../text/text';
import { text } from './changeText';

export function PolicyField(props: {
  item: Item;
  value: Policy | undefined;
  onChange: (policy: Policy) => void;
  /** What is wrong with the choice. */
  error?: string;
}) {
  const t = useText(text);
  const of = { group: groupOf(props.item.id), vault: vaultOf(props.item.id) };
  const policies = useQuery(policiesQuery(of));
  if (policies.error) {
    return <Failure error={policies.error} retry={() => void policies.refetch()} />;
  }
  return (
    <Field label={t.policy} required validationMessage={props.error}>
      <Dropdown
        disabled={!policies.data}
        value={props.value?.name ?? ''}
        selectedOptions={props.value ? [props.value.name] : []}
        onOptionSelect={(_, { optionValue }) => {
          const chosen = policies.data?.find((policy) => policy.name === optionValue);
          if (chosen) props.onChange(chosen);
        }}
      >
        {(policies.data ?? []).map((policy) => (
          <Option key={policy.name} value={policy.name}>
            {policy.name}
          </Option>
        ))}
      </Dropdown>
    </Field>
  );
}
