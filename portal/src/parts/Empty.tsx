/** Where there is nothing: what that means, and the next step. */
import { Body1, Subtitle1, makeStyles, tokens } from '@fluentui/react-components';
import type { FluentIcon } from '@fluentui/react-icons';
import type { ReactNode } from 'react';

const useStyles = makeStyles({
  all: {
    display: 'grid',
    justifyItems: 'center',
    textAlign: 'center',
    gap: '8px',
    padding: '48px 16px',
    '& > svg': { fontSize: '48px', color: tokens.colorNeutralForeground4 },
  },
  title: { margin: 0 },
  body: { maxWidth: '480px', color: tokens.colorNeutralForeground2 },
});

export function Empty(props: {
  icon: FluentIcon;
  title: string;
  body?: ReactNode;
  /** The next step: a button or a link. */
  action?: ReactNode;
}) {
  const styles = useStyles();
  const { icon: Icon } = props;
  return (
    <div className={styles.all}>
      <Icon aria-hidden />
      <Subtitle1 as="h2" className={styles.title}>
        {props.title}
      </Subtitle1>
      {props.body && <Body1 className={styles.body}>{props.body}</Body1>}
      {props.action}
    </div>
  );
}
