/** A command to run, ready to copy. */
import { Button, Tooltip, makeStyles, tokens } from '@fluentui/react-components';
import { CheckmarkRegular, CopyRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { texts, useText } from '../text/text';

const text = texts({
  en: { copy: 'Copy', copied: 'Copied' },
  'zh-Hant': { copy: '複製', copied: '已複製' },
  'zh-Hans': { copy: '复制', copied: '已复制' },
});

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
  const t = useText(text);
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(children);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), 2000);
  };
  return (
    <div className={styles.box}>
      <code className={styles.code}>{children}</code>
      <Tooltip content={isCopied ? t.copied : t.copy} relationship="label">
        <Button
          size="small"
          appearance="subtle"
          icon={isCopied ? <CheckmarkRegular /> : <CopyRegular />}
          onClick={() => void copy()}
        />
      </Tooltip>
    </div>
  );
}
