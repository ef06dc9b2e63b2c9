/** The resource group of a vault: one that is there, or a new one (VAULT-6). */
import {
  Dropdown,
  Field,
  Input,
  Option,
  Radio,
  RadioGroup,
  makeStyles,
} from '@fluentui/react-components';
import type { Group } from '../../api/groups';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import type { Draft } from './draft';
import { text } from './text';

const useStyles = makeStyles({ all: { display: 'grid', gap: '4px' } });

export function GroupField(props: {
  draft: Draft;
  groups: Group[];
  wrong?: string;
  /** Why no new one can be made. */
  refusedNew?: string;
  onChange: (some: Partial<Draft>) => void;
}) {
  const { draft, wrong, onChange } = props;
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  // What the service makes for snapshots is no place for vaults.
  const own = props.groups.filter((g) => g.managedBy === null);
  return (
    <div className={styles.all}>
      <Field label={terms.group} required hint={draft.isNewGroup ? props.refusedNew : undefined}>
        <RadioGroup
          layout="horizontal"
          value={draft.isNewGroup ? 'new' : 'existing'}
          onChange={(_, { value }) => onChange({ isNewGroup: value === 'new' })}
        >
          <Radio value="existing" label={t.useExisting} />
          <Radio value="new" label={t.createNew} disabled={props.refusedNew !== undefined} />
        </RadioGroup>
      </Field>
      {draft.isNewGroup ? (
        <Field validationMessage={wrong}>
          <Input
            aria-label={t.groupName}
            placeholder={t.groupName}
            autoComplete="off"
            spellCheck={false}
            value={draft.newGroup}
            onChange={(_, { value }) => onChange({ newGroup: value })}
          />
        </Field>
      ) : (
        <Field validationMessage={wrong} hint={own.length ? undefined : t.noGroups}>
          <Dropdown
            aria-label={t.groupChoose}
            placeholder={t.groupChoose}
            value={draft.group}
            selectedOptions={[draft.group]}
            onOptionSelect={(_, { optionValue = '' }) => onChange({ group: optionValue })}
          >
            {own.map(({ name }) => (
              <Option key={name} value={name}>
                {name}
              </Option>
            ))}
          </Dropdown>
        </Field>
      )}
    </div>
  );
}
