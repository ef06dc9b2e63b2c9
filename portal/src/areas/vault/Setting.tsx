/** A setting on a page: its name, what it is, and the way to update it. */
import { Link, Subtitle2, makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useText } from '../../text/text';
import { text } from './settingsText';

const useStyles = makeStyles({
  all: {
    display: 'grid',
    gap: '4px',
    padding: '12px 0',
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  name: { margin: 0 },
  value: { minHeight: '24px' },
});

export function Setting(props: {
  name: string;
  /** Its heading's; the third if left out. */
  level?: 'h2' | 'h3';
  onUpdate?: () => void;
  children: ReactNode;
}) {
  const styles = useStyles();
  const t = useText(text);
  return (
    <section className={styles.all}>
      <Subtitle2 as={props.level ?? 'h3'} className={styles.name}>
        {props.name}
      </Subtitle2>
      <div className={styles.value}>{props.children}</div>
      {props.onUpdate && (
        <div>
          <Link as="button" aria-label={t.updateOf(props.name)} onClick={props.onUpdate}>
            {t.update}
          </Link>
        </div>
      )}
    </section>
  );
}
