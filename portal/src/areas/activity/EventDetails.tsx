/** One entry of the activity log. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import type { Event } from '../../api/activity';
import { Facts } from '../../parts/Facts';
import { PageLink } from '../../parts/PageLink';
import { Panel } from '../../parts/Panel';
import { pathOf } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { resourceOf } from './resource';
import { text } from './text';

const useStyles = makeStyles({
  json: {
    margin: 0,
    padding: '8px 12px',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
});

export function EventDetails({ event, onClose }: { event: Event; onClose: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const time = useTime();
  const about = resourceOf(event);
  const to = pathOf(about.id);
  const more = event.properties && Object.keys(event.properties).length > 0;
  return (
    <Panel
      title={word(t.ops, event.operationName.value)}
      onClose={onClose}
      actions={<Button onClick={onClose}>{names.close}</Button>}
    >
      <Facts
        isSingle
        of={[
          [t.status, word(t.statuses, event.status.value)],
          [t.subStatus, event.subStatus.localizedValue || undefined],
          [t.what, to ? <PageLink to={to}>{about.name}</PageLink> : about.name],
          [t.who, event.caller || t.server],
          [terms.time, time.second(event.eventTimestamp)],
          [t.action, event.authorization.action],
          [t.resourceId, event.resourceId],
          [t.correlation, event.correlationId],
        ]}
      />
      {more && (
        <pre className={styles.json} aria-label={t.more} tabIndex={0}>
          {JSON.stringify(event.properties, null, 2)}
        </pre>
      )}
    </Panel>
  );
}
