/** A command to run, ready to copy. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { CopyButton } from './CopyButton';

const useStyles = makeStyles({
  box: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'space-between',
    margin: '6px 0',
    padding: '2px 4px 2px 10px',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  code: {
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    overflowWrap: 'anywhere',
    color: tokens.colorNeutralForeground1,
  },
});

export function CodeLine({ children }: { children: string }) {
  const styles = useStyles();
  return (
    <div className={styles.box}>
      <code className={styles.code}>{children}</code>
      <CopyButton of={children} />
    </div>
  );
}
