/** Home: what needs attention first, then counts that lead on, then the recovery points by day. */
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { overviewQuery } from '../../api/overview';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { AttentionList } from './AttentionList';
import { FirstSteps, useStepsKnown } from './FirstSteps';
import { HeatMap } from './HeatMap';
import { HomeTiles } from './HomeTiles';
import { KeyReminder } from './KeyReminder';
import { isUrgent } from './kinds';
import { text } from './text';

export default function Home() {
  const t = useText(text);
  const client = useQueryClient();
  const overview = useQuery(overviewQuery);
  const of = overview.data;
  const isNew = of !== undefined && of.protectedInstances === 0;
  const isKnown = useStepsKnown(isNew ? of : undefined);
  const refresh = () =>
    void Promise.all(
      ['overview', 'heatMap', 'hosts'].map((key) => client.invalidateQueries({ queryKey: [key] })),
    );
  return (
    <Page
      title={useText(frame).home}
      isHome
      commands={<Command label={t.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />}
    >
      {overview.error && <Failure error={overview.error} retry={refresh} />}
      {(overview.isPending || !isKnown) && <Waiting />}
      {of && isKnown && (
        <>
          <KeyReminder attention={of.attention} />
          {isNew && <FirstSteps overview={of} />}
          {(!isNew || isUrgent(of)) && <AttentionList overview={of} />}
          <HomeTiles overview={of} />
          {!isNew && <HeatMap />}
        </>
      )}
    </Page>
  );
}
