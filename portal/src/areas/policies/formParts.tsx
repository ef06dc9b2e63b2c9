/** What the editor's sections are made of. */
import {
  Field,
  Input,
  Subtitle2,
  Text,
  makeStyles,
  tokens,
  useId,
} from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { ON_PHONE } from '../../frame/width';
import type { Draft } from './draft';
import type { Faults } from './rules';

/** What each section of the editor is given. */
export interface SectionProps {
  draft: Draft;
  faults: Faults;
  /** Changes some of the draft; the rest is made to fit. */
  change: (change: Partial<Draft>) => void;
}

const useStyles = makeStyles({
  section: { display: 'grid', gap: '12px' },
  title: { margin: 0 },
  hint: { color: tokens.colorNeutralForeground3 },
  pair: {
    display: 'grid',
    gridTemplateColumns: 'repeat(2, minmax(0, 1fr))',
    gap: '12px',
    alignItems: 'start',
    [ON_PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
});

export function Section(props: { title: string; hint?: string; children: ReactNode }) {
  const styles = useStyles();
  const id = useId('section');
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div>
        <Subtitle2 as="h3" id={id} block className={styles.title}>
          {props.title}
        </Subtitle2>
        {props.hint && (
          <Text size={200} className={styles.hint}>
            {props.hint}
          </Text>
        )}
      </div>
      {props.children}
    </section>
  );
}

/** Two fields beside each other; on a phone one under the other. */
export const Pair = ({ children }: { children: ReactNode }) => (
  <div className={useStyles().pair}>{children}</div>
);

/** A whole number, checked as it is typed. */
export function Count(props: {
  label: string;
  value: string;
  bounds: readonly [least: number, most: number];
  fault?: string;
  isDisabled?: boolean;
  onChange: (value: string) => void;
}) {
  const [least, most] = props.bounds;
  return (
    <Field
      label={props.label}
      required
      validationMessage={props.fault}
      validationState={props.fault ? 'error' : 'none'}
    >
      <Input
        type="number"
        inputMode="numeric"
        min={least}
        max={most}
        disabled={props.isDisabled}
        value={props.value}
        onChange={(_, { value }) => props.onChange(value)}
      />
    </Field>
  );
}
