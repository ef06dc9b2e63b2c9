/** The copies that really exist of a vault's data, beside the redundancy that was asked for. */
import { Skeleton, SkeletonItem, makeStyles, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import type { Redundancy } from '../../api/vaultSettings';
import { vaultUsageQuery } from '../../api/vaultUsages';
import { Status } from '../../parts/Status';
import { useText } from '../../text/text';
import type { VaultPlace } from './VaultLayout';
import { text } from './settingsText';

/** Each type asks for at least so many. */
const LEAST = 3;

const useStyles = makeStyles({
  all: { minHeight: '24px' },
  fewer: {
    margin: '4px 0 0',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
  },
});

/** `isShort`: without what to do where there are fewer than were asked for. */
export function RealCopies(props: { of: VaultPlace; asked: Redundancy; isShort?: boolean }) {
  const { of, asked } = props;
  const styles = useStyles();
  const t = useText(text);
  const { data, isPending } = useQuery(vaultUsageQuery(of.group, of.vault));
  if (isPending) {
    return (
      <Skeleton className={styles.all}>
        <SkeletonItem />
      </Skeleton>
    );
  }
  if (!data) return null;
  const { copies, pairedPool } = data.properties;
  const isFewer = copies < LEAST || (asked === 'GeoRedundant' && pairedPool === null);
  return (
    <div className={styles.all}>
      <Status tone={isFewer ? 'warning' : 'good'}>
        {t.copies(copies)}{' '}
        {pairedPool === null ? asked === 'GeoRedundant' && t.noPair : t.pair(pairedPool)}
      </Status>
      {isFewer && !props.isShort && <p className={styles.fewer}>{t.fewer}</p>}
    </div>
  );
}
