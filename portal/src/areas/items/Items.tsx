/** The backup items of all vaults. */
import { Button } from '@fluentui/react-components';
import { ArrowClockwiseRegular, ShieldCheckmarkRegular } from '@fluentui/react-icons';
import { useLocation } from 'wouter';
import { ITEMS, allItemsPath } from '../../api/items';
import type { Item } from '../../api/items';
import { usePaged } from '../../api/paged';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Empty } from '../../parts/Empty';
import { Page } from '../../parts/Page';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useActions } from '../item/Actions';
import { useRefreshed } from '../item/useRefreshed';
import { ItemList } from './ItemList';
import { text } from './text';

export default function Items() {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const [, go] = useLocation();
  const subscription = useSubscription()?.id;
  const items = usePaged<Item>([ITEMS], subscription && allItemsPath(subscription), 15_000);
  const refreshed = useRefreshed();
  const { begin, pane } = useActions();
  return (
    <Page
      title={names.items}
      commands={
        <Command
          label={terms.refresh}
          icon={ArrowClockwiseRegular}
          onClick={() => void refreshed()}
        />
      }
    >
      <ItemList
        items={items}
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
