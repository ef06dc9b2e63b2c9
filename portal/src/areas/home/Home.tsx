/** Home: what needs attention first, then counts that lead on, then the recovery points by day. */
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { makeStyles } from '@fluentui/react-components';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { overviewQuery } from '../../api/overview';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { useText } from '../../text/text';
import { AttentionList } from './AttentionList';
import { FirstSteps } from './FirstSteps';
import { HeatMap } from './HeatMap';
import { HomeTiles } from './HomeTiles';
import { KeyReminder } from './KeyReminder';
import { text } from './text';

const useStyles = makeStyles({
  // The place that is kept while the overview is on its way, so that nothing jumps.
  first: { minHeight: '120px' },
});

export default function Home() {
  const t = useText(text);
  const styles = useStyles();
  const client = useQueryClient();
  const overview = useQuery(overviewQuery);
  const of = overview.data;
  const isNew = of !== undefined && of.protectedInstances === 0;
  const refresh = () =>
    void Promise.all(
      ['overview', 'heatMap', 'hosts'].map((key) => client.invalidateQueries({ queryKey: [key] })),
    );
  return (
    <Page
      title={useText(frame).home}
      commands={<Command label={t.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />}
    >
      {overview.error && <Failure error={overview.error} retry={refresh} />}
      <KeyReminder attention={of?.attention} />
      {isNew ? (
        <FirstSteps overview={of} />
      ) : (
        <div className={styles.first}>{of && <AttentionList overview={of} />}</div>
      )}
      <HomeTiles overview={of} />
      {!isNew && <HeatMap />}
    </Page>
  );
}
