/** A part of a page, with its heading and what it is about. */
import { Subtitle2, makeStyles, tokens } from '@fluentui/react-components';
import { useId } from 'react';
import type { ReactNode } from 'react';

const useStyles = makeStyles({
  part: { marginBottom: '32px', minHeight: '140px' },
  title: { margin: '0 0 2px' },
  why: { margin: '0 0 8px', color: tokens.colorNeutralForeground2 },
});

export function Part(props: { title: string; why?: string; children: ReactNode }) {
  const styles = useStyles();
  const id = useId();
  return (
    <section className={styles.part} aria-labelledby={id}>
      <Subtitle2 as="h2" block id={id} className={styles.title}>
        {props.title}
      </Subtitle2>
      {props.why && <p className={styles.why}>{props.why}</p>}
      {props.children}
    </section>
  );
}
