/** How a machine's backups stand: last status, policy with the next run, points (PROT-4, PORTAL-2). */
import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  Subtitle1,
  makeStyles,
} from '@fluentui/react-components';
import { useLocation } from 'wouter';
import { groupOf, vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { path } from '../../frame/paths';
import { Facts } from '../../parts/Facts';
import { PageLink } from '../../parts/PageLink';
import { Status } from '../../parts/Status';
import { useNumbers } from '../../text/numbers';
import { toneOf, useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import type { Begin } from '../item/Actions';
import { lastOf, stateOf } from '../item/possible';
import { text } from './text';

const useStyles = makeStyles({ title: { display: 'block', margin: '12px 0 8px' } });

export function ItemSummary({ item, begin }: { item: Item; begin: Begin }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const { count } = useNumbers();
  const [, go] = useLocation();
  const { properties: p, id } = item;
  const vault = vaultOf(id);
  const isPending = p.protectionState === 'IRPending';
  return (
    <>
      {isPending && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>{t.pendingTitle}</MessageBarTitle>
            {t.pendingBody}
          </MessageBarBody>
          <MessageBarActions>
            <Button onClick={() => begin('backupNow', item)}>{terms.backupNow}</Button>
          </MessageBarActions>
        </MessageBar>
      )}
      <Subtitle1 as="h2" className={styles.title}>
        {t.summary}
      </Subtitle1>
      <Facts
        of={[
          [
            t.lastBackup,
            <Status key="last" tone={toneOf(lastOf(item))}>
              {word(terms.lastBackup, lastOf(item))}
            </Status>,
          ],
          [t.lastBackupAt, time.moment(p.lastBackupTime)],
          [
            terms.status,
            isPending ? undefined : (
              <Status key="state" tone={toneOf(stateOf(item))}>
                {word(terms.protection, stateOf(item))}
              </Status>
            ),
          ],
          [
            terms.vault,
            <PageLink key="vault" to={path.vault(groupOf(id), vault)}>
              {vault}
            </PageLink>,
          ],
          [
            terms.policy,
            p.policyId ? <PageLink to={path.policy(p.policyId)}>{p.policyName}</PageLink> : '–',
          ],
          [t.next, time.moment(p.extendedInfo.stillpointNextRun)],
          [t.newest, time.moment(p.extendedInfo.newestRecoveryPoint)],
          [t.oldest, time.moment(p.extendedInfo.oldestRecoveryPoint)],
          [t.points, count(p.extendedInfo.recoveryPointCount ?? 0)],
        ]}
      />
      <Button onClick={() => go(path.item(id))}>{t.viewItem}</Button>
    </>
  );
}
