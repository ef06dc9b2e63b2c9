/** Help: troubleshooting by code, restore, pricing, feedback (PORTAL-26). */
import { Tab, TabList, makeStyles } from '@fluentui/react-components';
import { useSearchParams } from 'wouter';
import { text as frame } from '../../frame/text';
import { Page } from '../../parts/Page';
import { useText } from '../../text/text';
import { ErrorCodes } from './ErrorCodes';
import { Feedback } from './Feedback';
import { Pricing, Restore } from './Guides';
import { text } from './text';

const TABS = ['errors', 'restore', 'pricing', 'feedback'] as const;

const useStyles = makeStyles({ tabs: { margin: '0 0 16px' } });

export default function Help() {
  const styles = useStyles();
  const t = useText(text);
  const names = useText(frame);
  const [params, setParams] = useSearchParams();
  const tab = TABS.find((one) => one === params.get('view')) ?? 'errors';
  return (
    <Page title={names.feedback}>
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
      {tab === 'errors' && <ErrorCodes />}
      {tab === 'restore' && <Restore />}
      {tab === 'pricing' && <Pricing />}
      {tab === 'feedback' && <Feedback />}
    </Page>
  );
}
