/** One policy out of a few: a list that opens, with the details of the one chosen under it. */
import { Text, makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { Choice } from '../../parts/Choice';
import { useText } from '../../text/text';
import type { Draft } from './draft';
import { PolicyDetails } from './PolicyDetails';
import { text } from './text';

const useStyles = makeStyles({
  all: { display: 'grid', gap: '12px', alignContent: 'start' },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
  // As high as the details of most policies, so that what is below stays where it is.
  details: {
    minHeight: '180px',
    padding: '12px 16px 0',
    backgroundColor: tokens.colorNeutralBackground2,
    borderRadius: tokens.borderRadiusMedium,
  },
  title: { display: 'block', paddingBottom: '8px' },
});

export function PolicyChoice(props: {
  value: string;
  options: readonly { id: string; name: string }[];
  onChange: (id: string) => void;
  /** The one that is chosen. */
  draft: Draft | undefined;
  /** What else can be done: to make one, to change it. */
  buttons: ReactNode;
  /** What stands under the details. */
  children?: ReactNode;
}) {
  const { draft } = props;
  const styles = useStyles();
  const t = useText(text);
  return (
    <div className={styles.all}>
      <Choice
        label={t.choose}
        value={props.value}
        options={props.options}
        onChange={props.onChange}
      />
      <div className={styles.buttons}>{props.buttons}</div>
      <div className={styles.details} role="group" aria-label={t.chosenDetails}>
        <Text weight="semibold" className={styles.title}>
          {t.chosenDetails}
        </Text>
        {draft && <PolicyDetails of={draft} />}
      </div>
      {props.children}
    </div>
  );
}
