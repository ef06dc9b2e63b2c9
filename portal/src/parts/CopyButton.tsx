/** Copies a text. Where the browser does not let it, that is said. */
import { Button, Tooltip } from '@fluentui/react-components';
import type { ButtonProps } from '@fluentui/react-components';
import { CheckmarkRegular, CopyRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { texts, useText } from '../text/text';

const text = texts({
  en: {
    copy: 'Copy',
    copied: 'Copied',
    failed: 'This browser does not let pages copy: select the text instead',
  },
  'zh-Hant': {
    copy: '複製',
    copied: '已複製',
    failed: '此瀏覽器不允許網頁複製：請改為選取文字',
  },
  'zh-Hans': {
    copy: '复制',
    copied: '已复制',
    failed: '此浏览器不允许网页复制：请改为选择文本',
  },
});

/** How long it is told, in milliseconds. */
const TOLD = 2000;

export function CopyButton(props: {
  of: string;
  /** What the button says; without it an icon says it. */
  label?: string;
  isDisabled?: boolean;
  appearance?: ButtonProps['appearance'];
  className?: string;
}) {
  const t = useText(text);
  const [end, setEnd] = useState<'copied' | 'failed'>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.of);
      setEnd('copied');
    } catch {
      setEnd('failed');
    }
    setTimeout(() => setEnd(undefined), TOLD);
  };
  const { label } = props;
  const button = (
    <Button
      className={props.className}
      size={label ? undefined : 'small'}
      appearance={props.appearance ?? 'subtle'}
      disabledFocusable={props.isDisabled}
      icon={end === 'copied' ? <CheckmarkRegular /> : <CopyRegular />}
      onClick={() => !props.isDisabled && void copy()}
    >
      {label && (end ? t[end] : label)}
    </Button>
  );
  if (label) return button;
  return (
    <Tooltip content={t[end ?? 'copy']} relationship="label">
      {button}
    </Tooltip>
  );
}
