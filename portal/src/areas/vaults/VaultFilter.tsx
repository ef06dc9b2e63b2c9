/** The filter above the list of vaults: by a part of the name or of a tag, by group, by location. */
import { Dropdown, Option, SearchBox, makeStyles, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { groupOf } from '../../api/ids';
import { called, locationsQuery } from '../../api/locations';
import type { Vault } from '../../api/vaults';
import { ON_PHONE } from '../../frame/width';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

/** What is asked for; empty: anything. */
export interface Asked {
  words: string;
  group: string;
  location: string;
}

export const NOTHING: Asked = { words: '', group: '', location: '' };

/** Whether a vault is asked for. */
export function fits(vault: Vault, { words, group, location }: Asked): boolean {
  const low = words.trim().toLowerCase();
  const texts = [vault.name, ...Object.entries(vault.tags).map(([n, v]) => `${n}: ${v}`)];
  return (
    texts.some((one) => one.toLowerCase().includes(low)) &&
    (!group || groupOf(vault.id).toLowerCase() === group.toLowerCase()) &&
    (!location || vault.location === location)
  );
}

const useStyles = makeStyles({
  bar: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: '8px', marginBottom: '8px' },
  words: { width: '280px', [ON_PHONE]: { width: '100%', maxWidth: '100%' } },
  choice: { minWidth: '180px', [ON_PHONE]: { flexGrow: 1, minWidth: '140px' } },
  count: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

const different = (all: string[]) => [...new Set(all)].sort((a, b) => a.localeCompare(b));

export function VaultFilter(props: {
  vaults: readonly Vault[];
  asked: Asked;
  onAsk: (asked: Asked) => void;
  shown: number;
}) {
  const { vaults, asked, onAsk } = props;
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const { data: locations } = useQuery(locationsQuery);
  const choices = [
    {
      key: 'group',
      label: terms.group,
      values: different(vaults.map((v) => groupOf(v.id))),
      name: (value: string) => value,
    },
    {
      key: 'location',
      label: terms.location,
      values: different(vaults.map((v) => v.location)),
      name: (value: string) => called(locations, value),
    },
  ] as const;
  return (
    <div className={styles.bar}>
      <SearchBox
        className={styles.words}
        aria-label={t.filter}
        placeholder={t.filter}
        value={asked.words}
        onChange={(_, { value }) => onAsk({ ...asked, words: value })}
      />
      {choices.map(({ key, label, values, name }) => (
        <Dropdown
          key={key}
          className={styles.choice}
          aria-label={label}
          value={`${label}: ${asked[key] ? name(asked[key]) : terms.all}`}
          selectedOptions={[asked[key]]}
          onOptionSelect={(_, { optionValue = '' }) => onAsk({ ...asked, [key]: optionValue })}
        >
          <Option value="">{terms.all}</Option>
          {values.map((value) => (
            <Option key={value} value={value}>
              {name(value)}
            </Option>
          ))}
        </Dropdown>
      ))}
      <span className={styles.count}>{t.count(props.shown, vaults.length)}</span>
    </div>
  );
}
