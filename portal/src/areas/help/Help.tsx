/** Help: troubleshooting by code, restore, pricing, feedback (PORTAL-26). */
import { text as frame } from '../../frame/text';
import { Page } from '../../parts/Page';
import { Views, useView } from '../../parts/Views';
import { useText } from '../../text/text';
import { ErrorCodes } from './ErrorCodes';
import { Feedback } from './Feedback';
import { Pricing, Restore } from './Guides';
import { text } from './text';

const TABS = ['errors', 'restore', 'pricing', 'feedback'] as const;

export default function Help() {
  const t = useText(text);
  const names = useText(frame);
  const tab = useView(TABS);
  return (
    <Page title={names.feedback}>
      <Views label={t.view} open={tab} names={t.tabs} />
      {tab === 'errors' && <ErrorCodes />}
      {tab === 'restore' && <Restore />}
      {tab === 'pricing' && <Pricing />}
      {tab === 'feedback' && <Feedback />}
    </Page>
  );
}
