/** "Backup now": asks for the last day to keep the point, through a calendar (PROT-6, 7). */
import { Body1, MessageBar, MessageBarBody, Text } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { groupOf, vaultOf } from '../../api/ids';
import { ITEM_ACTION, backUp, backupBody } from '../../api/items';
import type { Item } from '../../api/items';
import { policyQuery } from '../../api/policies';
import { DateField } from '../../parts/DateField';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { dayOf, endOfDay, isoDay } from '../../text/zones';
import { ianaOf } from '../policies/zones';
import { ActionPane } from './ActionPane';
import { azDay, azOf, stillpoint } from './commands';
import { text } from './backupNowText';
import { jobLink } from './jobLink';

/** Days that a point on demand is kept unless somebody chooses others. */
const DAYS = 30;
/** The most years that it may be kept. */
const YEARS = 99;

const inDays = (days: number) => {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
};

/** The zone whose day it is that ends: the policy's. */
function useZone(item: Item) {
  const of = { group: groupOf(item.id), vault: vaultOf(item.id) };
  const { policyName } = item.properties;
  const { data } = useQuery({ ...policyQuery(of, policyName), enabled: policyName !== '' });
  return data?.properties.timeZone ?? 'UTC';
}

export default function BackupNow({ item, onClose }: { item: Item; onClose: () => void }) {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const zone = useZone(item);
  const [day, setDay] = useState<Date | undefined>(() => inDays(DAYS));
  const name = item.properties.friendlyName;
  const until = day && endOfDay(dayOf(day), ianaOf(zone));

  const start = async () => {
    if (!until) return;
    const job = await backUp(item, until);
    return { body: t.follow, to: jobLink(item, job, t.jobs) };
  };

  return (
    <ActionPane
      title={terms.backupNow}
      item={item}
      label={terms.ok}
      told={{ begun: t.begun(name), done: t.triggered(name), failed: t.failed(name) }}
      work={start}
      onClose={onClose}
      refused={until ? undefined : t.noDay}
      action={ITEM_ACTION.backup}
      equal={
        until && {
          stillpoint: stillpoint('backup now', item, `--retain-until ${isoDay(dayOf(day))}`),
          az: azOf('protection backup-now', item, `--retain-until ${azDay(until)}`),
          rest: { method: 'POST', path: `${item.id}/backup`, body: backupBody(until) },
        }
      }
    >
      <Body1>{t.what}</Body1>
      <DateField
        label={t.lastDay}
        value={day}
        onChange={setDay}
        min={inDays(0)}
        max={inDays(YEARS * 365)}
        error={until ? undefined : t.noDay}
        isRequired
      />
      {until && <Text>{t.until(time.moment(until), zone)}</Text>}
      {item.properties.protectionState === 'IRPending' && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>{t.first}</MessageBarBody>
        </MessageBar>
      )}
    </ActionPane>
  );
}
