/** A step of a checklist: what it is, how it stands, what to do. */
import { Subtitle2, makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { Status } from '../../parts/Status';
import type { Tone } from '../../parts/Status';
import { useText } from '../../text/text';
import { text } from './deleteText';

export type StepState = 'done' | 'open' | 'waits' | 'notNeeded';

const TONES: Record<StepState, Tone> = {
  done: 'good',
  open: 'warning',
  waits: 'info',
  notNeeded: 'off',
};

const useStyles = makeStyles({
  step: {
    display: 'grid',
    gap: '8px',
    padding: '12px 0 16px',
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  head: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: '4px 16px' },
  title: { margin: 0 },
  body: { display: 'grid', gap: '8px', justifyItems: 'start', minHeight: '24px' },
});

/** `state` is undefined as long as it is not known. */
export function Step(props: {
  number: number;
  title: string;
  state?: StepState;
  children: ReactNode;
}) {
  const styles = useStyles();
  const t = useText(text);
  return (
    <li className={styles.step}>
      <div className={styles.head}>
        <Subtitle2 as="h2" className={styles.title}>
          {props.number}. {props.title}
        </Subtitle2>
        {props.state && <Status tone={TONES[props.state]}>{t[props.state]}</Status>}
      </div>
      <div className={styles.body}>{props.children}</div>
    </li>
  );
}
