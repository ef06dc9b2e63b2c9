/** The backup items of all vaults. */
import { Button } from '@fluentui/react-components';
import { ArrowClockwiseRegular, ShieldCheckmarkRegular } from '@fluentui/react-icons';
import { useLocation } from 'wouter';
import { allItemsPath } from '../../api/items';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Empty } from '../../parts/Empty';
import { Page } from '../../parts/Page';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useActions } from '../item/Actions';
import { TOUCHED, useRefreshed } from '../../frame/touched';
import { ItemList } from './ItemList';
import { text } from './text';

export default function Items() {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const [, go] = useLocation();
  const subscription = useSubscription()?.id;
  const refreshed = useRefreshed();
  const { begin, pane } = useActions();
  return (
    <Page
      title={names.items}
      commands={
        <Command
          label={terms.refresh}
          icon={ArrowClockwiseRegular}
          onClick={() => void refreshed(TOUCHED.item)}
        />
      }
    >
      <ItemList
        pathOf={(filter) => subscription && allItemsPath(subscription, filter)}
        begin={begin}
        hasVault
        empty={
          <Empty
            icon={ShieldCheckmarkRegular}
            title={t.none}
            body={t.noneBody}
            action={
              <Button appearance="primary" onClick={() => go('/vaults')}>
                {t.toVaults}
              </Button>
            }
          />
        }
      />
      {pane}
    </Page>
  );
}
