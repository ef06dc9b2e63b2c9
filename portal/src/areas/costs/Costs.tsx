/** Protected instances and what they cost; an estimator; the rates. */
import { Tab, TabList, makeStyles } from '@fluentui/react-components';
import { ArrowClockwiseRegular, EditRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { COSTS, RATES_WRITE } from '../../api/costs';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Page } from '../../parts/Page';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { Estimator } from './Estimator';
import { PeriodCosts } from './PeriodCosts';
import { RatesView } from './RatesView';
import { SetRates } from './SetRates';
import { text } from './text';

const TABS = ['period', 'estimate', 'rates'] as const;

const useStyles = makeStyles({ tabs: { margin: '0 0 16px' } });

export default function Costs() {
  const styles = useStyles();
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const client = useQueryClient();
  const subscription = useSubscription()?.id;
  const [params, setParams] = useSearchParams();
  const tab = TABS.find((one) => one === params.get('view')) ?? 'period';
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
      <TabList
        className={styles.tabs}
        aria-label={t.view}
        selectedValue={tab}
        onTabSelect={(_, { value }) => setParams({ view: String(value) }, { replace: true })}
      >
        {TABS.map((one) => (
          <Tab key={one} value={one}>
            {t.tabs[one]}
          </Tab>
        ))}
      </TabList>
      {tab === 'period' && <PeriodCosts onSetRates={setRates} />}
      {tab === 'estimate' && subscription && <Estimator subscription={subscription} />}
      {tab === 'rates' && <RatesView />}
      {isSetting && subscription && (
        <SetRates subscription={subscription} onClose={() => setIsSetting(false)} />
      )}
    </Page>
  );
}
