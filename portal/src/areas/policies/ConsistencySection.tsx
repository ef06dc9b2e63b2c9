/** "Consistency" of the editor: what is asked for, and what is refused (POLICY-30, 31). */
import { Checkbox, Text, makeStyles, tokens } from '@fluentui/react-components';
import { useText } from '../../text/text';
import type { Draft } from './draft';
import { Section } from './formParts';
import type { SectionProps } from './formParts';
import { formText } from './formText';

const useStyles = makeStyles({
  all: { display: 'grid' },
  hint: { color: tokens.colorNeutralForeground3, padding: '0 0 4px 32px' },
});

export function ConsistencySection({ draft, change }: SectionProps) {
  const styles = useStyles();
  const t = useText(formText);
  const set = (settings: Partial<Draft['settings']>) =>
    change({ settings: { ...draft.settings, ...settings } });
  return (
    <Section title={t.more}>
      <div className={styles.all}>
        {draft.kind === 'V2' && (
          <>
            <Checkbox
              label={t.onlyCrash}
              checked={draft.onlyCrash}
              onChange={(_, { checked }) => change({ onlyCrash: checked === true })}
            />
            <Text size={200} className={styles.hint}>
              {t.onlyCrashHint}
            </Text>
          </>
        )}
        <Checkbox
          label={t.refuseDowngrades}
          checked={draft.settings.refuseDowngrades}
          onChange={(_, { checked }) => set({ refuseDowngrades: checked === true })}
        />
        {draft.kind === 'V2' && (
          <Checkbox
            label={t.refuseStandardItems}
            checked={draft.settings.refuseStandardItems}
            onChange={(_, { checked }) => set({ refuseStandardItems: checked === true })}
          />
        )}
      </div>
    </Section>
  );
}
