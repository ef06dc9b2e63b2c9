/** A status by icon and word; never by color alone. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import {
  ArrowSyncRegular,
  CheckmarkCircleFilled,
  CircleHintRegular,
  DismissCircleFilled,
  InfoRegular,
  SubtractCircleRegular,
  WarningFilled,
} from '@fluentui/react-icons';
import type { ReactNode } from 'react';

export type Tone = 'good' | 'warning' | 'bad' | 'running' | 'info' | 'off' | 'unknown';

const ICONS = {
  good: CheckmarkCircleFilled,
  warning: WarningFilled,
  bad: DismissCircleFilled,
  running: ArrowSyncRegular,
  info: InfoRegular,
  off: SubtractCircleRegular,
  unknown: CircleHintRegular,
};

const useStyles = makeStyles({
  all: { display: 'inline-flex', alignItems: 'center', gap: '6px' },
  icon: { fontSize: '16px', flexShrink: 0 },
  good: { color: tokens.colorStatusSuccessForeground1 },
  warning: { color: tokens.colorStatusWarningForeground3 },
  bad: { color: tokens.colorStatusDangerForeground1 },
  running: { color: tokens.colorBrandForeground1 },
  info: { color: tokens.colorBrandForeground1 },
  off: { color: tokens.colorNeutralForeground3 },
  unknown: { color: tokens.colorNeutralForeground3 },
});

export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
  const styles = useStyles();
  const Icon = ICONS[tone];
  return (
    <span className={styles.all}>
      <Icon aria-hidden className={mergeClasses(styles.icon, styles[tone])} />
      <span>{children}</span>
    </span>
  );
}
