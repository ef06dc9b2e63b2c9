/** What a vault is, at the head of its dashboard. */
import { Subtitle2, makeStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { called, locationsQuery } from '../../api/locations';
import { latestBackupQuery } from '../../api/jobs';
import { useSubscription } from '../../api/subscription';
import { vaultCountsQuery } from '../../api/usages';
import type { Vault } from '../../api/vaults';
import { path } from '../../frame/paths';
import { Facts } from '../../parts/Facts';
import { PageLink } from '../../parts/PageLink';
import { useNumbers } from '../../text/numbers';
import { useTerms, word } from '../../text/terms';
import { useErrorText } from '../../text/errors';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { RealCopies } from './RealCopies';
import type { VaultPlace } from './VaultLayout';
import { text } from './overviewText';

const useStyles = makeStyles({
  head: { margin: '0 0 8px' },
  all: { minHeight: '132px' },
});

export function Essentials({ of, vault }: { of: VaultPlace; vault: Vault | undefined }) {
  const { group, vault: name } = of;
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const { count } = useNumbers();
  const subscription = useSubscription();
  const { data: locations } = useQuery(locationsQuery);
  const { data: counts } = useQuery(vaultCountsQuery(group, name));
  const redundancy = vault?.properties.redundancySettings.standardTierStorageRedundancy;
  const deleted = vault?.properties.securitySettings.softDeleteSettings;
  const at = (section: string) => path.vault(group, name, section);
  const waits = '…';
  return (
    <section aria-labelledby="essentials" className={styles.all}>
      <Subtitle2 as="h2" block id="essentials" className={styles.head}>
        {t.essentials}
      </Subtitle2>
      <Facts
        of={[
          [terms.group, group],
          [
            t.redundancy,
            redundancy ? (
              <PageLink to={at('properties?pane=backup')}>
                {word(terms.redundancy, redundancy)}
              </PageLink>
            ) : (
              waits
            ),
          ],
          [terms.location, vault ? called(locations, vault.location) : waits],
          [t.copies, redundancy ? <RealCopies of={of} asked={redundancy} isShort /> : waits],
          [terms.subscription, subscription?.displayName ?? waits],
          [
            t.softDelete,
            deleted ? (
              <PageLink to={at('properties?pane=security')}>
                {word(terms.softDelete, deleted.softDeleteState)}
                {deleted.softDeleteState !== 'Disabled' &&
                  ` · ${t.days(deleted.softDeleteRetentionPeriodInDays)}`}
              </PageLink>
            ) : (
              waits
            ),
          ],
          [
            t.policies,
            counts ? <PageLink to={at('policies')}>{count(counts.policies)}</PageLink> : waits,
          ],
          [t.latest, <Latest of={of} />],
        ]}
      />
    </section>
  );
}

/** The newest recovery point: that of the newest backup that made one. */
function Latest({ of }: { of: VaultPlace }) {
  const t = useText(text);
  const time = useTime();
  const errorText = useErrorText();
  const { data, error, isPending } = useQuery(latestBackupQuery(of.group, of.vault));
  if (isPending) return '…';
  if (error) return errorText(error).message;
  if (!data) return t.noLatest;
  return (
    <PageLink to={path.job(data.id)}>
      {data.properties.entityFriendlyName}, {time.moment(data.properties.startTime)}
    </PageLink>
  );
}
