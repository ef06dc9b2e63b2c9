/** The vault of a machine: one of its location, or a new one (VAULT-9, 13; CONF-18). */
import {
  Dropdown,
  Field,
  Option,
  Radio,
  RadioGroup,
  Text,
  makeStyles,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useRefusal } from '../../api/permissions';
import { GROUP_ACTION, groupsQuery } from '../../api/groups';
import type { MachineRow } from '../../api/machines';
import { useSubscription } from '../../api/subscription';
import { vaultsQuery } from '../../api/vaults';
import type { Vault } from '../../api/vaults';
import { PageLink } from '../../parts/PageLink';
import { useText } from '../../text/text';
import type { Draft } from '../vaults/draft';
import { GroupField } from '../vaults/GroupField';
import { NameField } from '../vaults/NameField';
import { wrongGroup, wrongName } from '../vaults/rules';
import { text as vaultText } from '../vaults/text';
import { text } from './text';

const useStyles = makeStyles({ all: { display: 'grid', gap: '12px' } });

export interface Choice {
  isNew: boolean;
  /** The id of the vault that is chosen among `vaults`, those of the machine's location. */
  vault: string;
  vaults: Vault[];
  /** The new one. */
  draft: Draft;
}

export interface Wrong {
  vault?: string;
  name?: string;
  group?: string;
}

/** What is wrong with the choice. */
export function useWrong({ isNew, vault, draft }: Choice): Wrong {
  const t = useText(text);
  const v = useText(vaultText);
  const all = useQuery(vaultsQuery).data ?? [];
  const groups = useQuery(groupsQuery).data ?? [];
  if (!isNew) return vault ? {} : { vault: t.needVault };
  const name = wrongName(draft.name, all, v);
  const names = groups.map((g) => g.name);
  const group = draft.isNewGroup ? wrongGroup(draft.newGroup, names, v) : undefined;
  return { ...(name && { name }), ...(group && { group }) };
}

export function VaultChoice(props: {
  machine: MachineRow;
  choice: Choice;
  wrong: Wrong;
  onChange: (some: Partial<Omit<Choice, 'vaults'>>) => void;
}) {
  const { choice, onChange } = props;
  const styles = useStyles();
  const t = useText(text);
  const { location } = props.machine;
  const found = choice.vaults.find((v) => v.id === choice.vault);
  return (
    <div className={styles.all}>
      <Field
        label={t.vault}
        required
        hint={choice.vaults.length ? undefined : t.noVaultHere(location)}
      >
        <RadioGroup
          layout="horizontal"
          value={choice.isNew ? 'new' : 'existing'}
          onChange={(_, { value }) => onChange({ isNew: value === 'new' })}
        >
          <Radio value="existing" label={t.existing} disabled={!choice.vaults.length} />
          <Radio value="new" label={t.create} />
        </RadioGroup>
      </Field>
      {choice.isNew ? (
        <NewVault {...props} />
      ) : (
        <Field hint={t.vaultsHere(location)} validationMessage={props.wrong.vault}>
          <Dropdown
            aria-label={t.chooseVault}
            placeholder={t.chooseVault}
            value={found?.name ?? ''}
            selectedOptions={[choice.vault]}
            onOptionSelect={(_, { optionValue = '' }) => onChange({ vault: optionValue })}
          >
            {choice.vaults.map(({ id, name }) => (
              <Option key={id} value={id}>
                {name}
              </Option>
            ))}
          </Dropdown>
        </Field>
      )}
    </div>
  );
}

function NewVault(props: {
  machine: MachineRow;
  choice: Choice;
  wrong: Wrong;
  onChange: (some: Partial<Omit<Choice, 'vaults'>>) => void;
}) {
  const { choice, wrong, onChange } = props;
  const { draft } = choice;
  const t = useText(text);
  const groups = useQuery(groupsQuery).data ?? [];
  const subscription = useSubscription()?.id;
  const refusedNew = useRefusal(
    subscription === undefined ? undefined : { action: GROUP_ACTION.write, on: subscription },
  );
  const change = (some: Partial<Draft>) => onChange({ draft: { ...draft, ...some } });
  return (
    <>
      <NameField name={draft.name} wrong={wrong.name} onChange={(name) => change({ name })} />
      <GroupField
        draft={draft}
        groups={groups}
        wrong={wrong.group}
        refusedNew={refusedNew}
        onChange={change}
      />
      <Text>
        {t.newVault(props.machine.location)} {t.newVaultMore}
      </Text>
      <PageLink to="/vaults/create">{t.toCreate}</PageLink>
    </>
  );
}
