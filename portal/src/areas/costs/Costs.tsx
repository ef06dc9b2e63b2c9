/** Protected instances and what they cost; an estimator; the rates. */
import { ArrowClockwiseRegular, EditRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { COSTS, RATES_WRITE } from '../../api/costs';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Page } from '../../parts/Page';
import { Views, useView } from '../../parts/Views';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { Estimator } from './Estimator';
import { PeriodCosts } from './PeriodCosts';
import { RatesView } from './RatesView';
import { SetRates } from './SetRates';
import { text } from './text';

const TABS = ['period', 'estimate', 'rates'] as const;

export default function Costs() {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const client = useQueryClient();
  const subscription = useSubscription()?.id;
  const tab = useView(TABS);
  const [isSetting, setIsSetting] = useState(false);
  const setRates = () => setIsSetting(true);
  return (
    <Page
      title={names.costs}
      commands={
        <>
          <Command
            label={t.setRates}
            icon={EditRegular}
            onClick={setRates}
            needs={subscription ? { action: RATES_WRITE, on: subscription } : undefined}
          />
          <Command
            label={terms.refresh}
            icon={ArrowClockwiseRegular}
            onClick={() => void client.invalidateQueries({ queryKey: [COSTS] })}
          />
        </>
      }
    >
      <Views label={t.view} open={tab} names={t.tabs} />
      {tab === 'period' && <PeriodCosts onSetRates={setRates} />}
      {tab === 'estimate' && subscription && <Estimator subscription={subscription} />}
      {tab === 'rates' && <RatesView />}
      {isSetting && subscription && (
        <SetRates subscription={subscription} onClose={() => setIsSetting(false)} />
      )}
    </Page>
  );
}
