/** Signs of tiers and consistencies; the word stands beside each, or in its label. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import {
  ArchiveRegular,
  CameraRegular,
  CheckmarkCircleFilled,
  CircleHalfFillRegular,
  DocumentCheckmarkRegular,
  FlashRegular,
} from '@fluentui/react-icons';
import type { FluentIcon } from '@fluentui/react-icons';
import type { Consistency, Point, Tier } from '../../api/points';
import { tierOf } from '../../api/points';
import { useCodeText } from '../../text/errors';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

export const TIERS: readonly Tier[] = ['snapshot', 'both', 'vault'];
export const CONSISTENCIES: readonly Consistency[] = [
  'AppConsistent',
  'FileSystemConsistent',
  'CrashConsistent',
];

const TIER: Record<Tier, FluentIcon> = {
  snapshot: CameraRegular,
  both: CircleHalfFillRegular,
  vault: ArchiveRegular,
};

const CONSISTENCY: Record<Consistency, FluentIcon> = {
  AppConsistent: CheckmarkCircleFilled,
  FileSystemConsistent: DocumentCheckmarkRegular,
  CrashConsistent: FlashRegular,
};

const useStyles = makeStyles({
  sign: { display: 'inline-flex', alignItems: 'center', gap: '6px' },
  icon: { fontSize: '16px', flexShrink: 0, color: tokens.colorBrandForeground1 },
  AppConsistent: { color: tokens.colorStatusSuccessForeground1 },
  FileSystemConsistent: { color: tokens.colorStatusSuccessForeground1 },
  CrashConsistent: { color: tokens.colorStatusWarningForeground3 },
  less: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

export function TierIcon({ tier }: { tier: Tier }) {
  const Icon = TIER[tier];
  return <Icon aria-hidden className={useStyles().icon} />;
}

export function ConsistencyIcon({ of }: { of: Consistency }) {
  const styles = useStyles();
  const Icon = CONSISTENCY[of];
  return <Icon aria-hidden className={mergeClasses(styles.icon, styles[of])} />;
}

export function TierSign({ tier }: { tier: Tier }) {
  const terms = useTerms();
  return (
    <span className={useStyles().sign}>
      <TierIcon tier={tier} />
      <span>{terms.tier[tier]}</span>
    </span>
  );
}

export function ConsistencySign({ of }: { of: Consistency }) {
  const terms = useTerms();
  return (
    <span className={useStyles().sign}>
      <ConsistencyIcon of={of} />
      <span>{terms.consistency[of]}</span>
    </span>
  );
}

/** A point's consistency, and why it is less than was asked if it is. */
export function ConsistencyOf({ point }: { point: Point }) {
  const styles = useStyles();
  const t = useText(text);
  const codeText = useCodeText();
  const { recoveryPointType, recoveryPointAdditionalInfo: code } = point.properties;
  return (
    <div>
      <ConsistencySign of={recoveryPointType} />
      {code && (
        <div className={styles.less} title={codeText(code, '').message}>
          {t.less(code)}
        </div>
      )}
    </div>
  );
}

export const TierOf = ({ point }: { point: Point }) => <TierSign tier={tierOf(point)} />;
