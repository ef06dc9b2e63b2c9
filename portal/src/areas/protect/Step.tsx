/** A step of a flow: open while it is worked on, then folded to what was chosen. */
import {
  Button,
  Text,
  makeStyles,
  mergeClasses,
  tokens,
  typographyStyles,
} from '@fluentui/react-components';
import { CheckmarkFilled } from '@fluentui/react-icons';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { ON_PHONE } from '../../frame/width';
import { useText } from '../../text/text';
import { text } from './text';

const useStyles = makeStyles({
  step: {
    display: 'grid',
    gridTemplateColumns: '32px minmax(0, 1fr)',
    columnGap: '12px',
    padding: '12px 0',
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  mark: {
    display: 'grid',
    placeItems: 'center',
    width: '28px',
    height: '28px',
    borderRadius: tokens.borderRadiusCircular,
    backgroundColor: tokens.colorNeutralBackground4,
    fontWeight: tokens.fontWeightSemibold,
  },
  current: {
    backgroundColor: tokens.colorBrandBackground,
    color: tokens.colorNeutralForegroundOnBrand,
  },
  head: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: '4px 16px' },
  title: { ...typographyStyles.subtitle1, margin: 0, outlineStyle: 'none' },
  later: { color: tokens.colorNeutralForeground3 },
  summary: { color: tokens.colorNeutralForeground2 },
  body: {
    display: 'grid',
    gap: '16px',
    paddingTop: '12px',
    [ON_PHONE]: { gridColumn: '1 / -1' },
  },
});

export function Step(props: {
  number: number;
  of: number;
  title: string;
  state: 'done' | 'open' | 'later';
  /** What was chosen, once it is done. */
  summary?: string;
  /** Opens it again. */
  onChange?: () => void;
  children: ReactNode;
}) {
  const { state } = props;
  const styles = useStyles();
  const t = useText(text);
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef(state);
  useEffect(() => {
    // Who works by the keyboard goes on where the next step begins.
    if (before.current !== state && state === 'open') heading.current?.focus();
    before.current = state;
  }, [state]);
  return (
    <section className={styles.step} aria-label={t.step(props.number, props.of)}>
      <div className={mergeClasses(styles.mark, state === 'open' && styles.current)} aria-hidden>
        {state === 'done' ? <CheckmarkFilled /> : props.number}
      </div>
      <div className={styles.head}>
        <h2
          ref={heading}
          tabIndex={-1}
          className={mergeClasses(styles.title, state === 'later' && styles.later)}
        >
          {props.title}
        </h2>
        {state === 'done' && <Text className={styles.summary}>{props.summary}</Text>}
        {state === 'done' && props.onChange && (
          <Button
            size="small"
            appearance="subtle"
            aria-label={`${t.change}: ${props.title}`}
            onClick={props.onChange}
          >
            {t.change}
          </Button>
        )}
      </div>
      {state === 'open' && (
        <>
          <div aria-hidden />
          <div className={styles.body}>{props.children}</div>
        </>
      )}
    </section>
  );
}
