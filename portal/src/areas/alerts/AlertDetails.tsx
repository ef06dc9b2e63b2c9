/** One alert: what happened, why, what to do, and the way to make it inactive (PORTAL-22, MON-6). */
import { Button, Spinner } from '@fluentui/react-components';
import { ALERT_CHANGE, changeAlert, changePath, standing } from '../../api/alerts';
import type { Alert } from '../../api/alerts';
import { groupOf, nameOf } from '../../api/ids';
import { path, pathOf } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { TOUCHED } from '../../frame/touched';
import { useWork } from '../../frame/useWork';
import { Equal } from '../../parts/Equal';
import { Facts } from '../../parts/Facts';
import { Guarded } from '../../parts/Guarded';
import { PageLink } from '../../parts/PageLink';
import { Panel } from '../../parts/Panel';
import { useCodeText } from '../../text/errors';
import { useNumbers } from '../../text/numbers';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { text } from './text';

export function AlertDetails({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const time = useTime();
  const numbers = useNumbers();
  const { essentials, context } = alert.properties;
  const codeText = useCodeText();
  const why = context.errorCode ? codeText(context.errorCode, context.cause ?? '') : undefined;
  const remedy = why?.remedy ?? context.recommendedAction ?? undefined;
  const title = word(t.rules, essentials.alertRule);
  const to = next(alert);
  const group = groupOf(context.vaultId);
  const target = pathOf(essentials.targetResource);
  return (
    <Panel
      title={title}
      onClose={onClose}
      actions={
        <>
          <Change alert={alert} title={title} />
          <Button onClick={onClose}>{names.close}</Button>
        </>
      }
    >
      <Facts
        isSingle
        of={[
          [terms.status, t.standings[standing(alert)]],
          [t.severity, word(t.levels, context.level)],
          [
            t.item,
            target ? (
              <PageLink to={target}>{essentials.targetResourceName}</PageLink>
            ) : (
              essentials.targetResourceName || undefined
            ),
          ],
          [
            terms.vault,
            <PageLink key="vault" to={path.vault(group, context.vaultName)}>
              {context.vaultName}
            </PageLink>,
          ],
          [t.raised, time.second(essentials.startDateTime)],
          [t.occurrences, numbers.count(context.occurrences)],
          [t.detail, essentials.description || undefined],
          [t.code, context.errorCode ?? undefined],
          [t.cause, why?.message],
          [t.remedy, remedy],
          [
            t.job,
            context.jobId ? (
              <PageLink to={path.vault(group, context.vaultName, `jobs/${context.jobId}`)}>
                {t.seeJob}
              </PageLink>
            ) : undefined,
          ],
          [
            t.changed,
            `${time.second(essentials.lastModifiedDateTime)} ${t.changedBy(essentials.lastModifiedUserName)}`,
          ],
          [
            t.resolvedAt,
            essentials.monitorConditionResolvedDateTime
              ? time.second(essentials.monitorConditionResolvedDateTime)
              : undefined,
          ],
        ]}
      />
      <Equal
        to={{
          stillpoint: to === 'Closed' ? `stillpoint alert close ${nameOf(alert.id)}` : undefined,
          rest: { method: 'POST', path: changePath(alert, to) },
        }}
      />
    </Panel>
  );
}

/** What an alert can be made. */
const next = (alert: Alert) => (standing(alert) === 'inactive' ? 'New' : 'Closed');

/** Makes the alert inactive, or active again. */
function Change({ alert, title }: { alert: Alert; title: string }) {
  const t = useText(text);
  const { work, isBusy } = useWork(TOUCHED.alert);
  const to = next(alert);
  const change = () =>
    void work({ begun: t.changing(title), failed: t.failed }, async () => {
      await changeAlert(alert, to);
      return { title: to === 'Closed' ? t.inactivated(title) : t.activated(title) };
    });
  return (
    <Guarded
      appearance="primary"
      needs={{ action: ALERT_CHANGE, on: alert.properties.context.vaultId }}
      refused={standing(alert) === 'resolved' ? t.isResolved : undefined}
      isBusy={isBusy}
      icon={isBusy ? <Spinner size="tiny" /> : undefined}
      onClick={change}
    >
      {to === 'Closed' ? t.inactivate : t.activate}
    </Guarded>
  );
}
