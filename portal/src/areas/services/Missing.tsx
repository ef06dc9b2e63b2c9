/** There is no page of this address. */
import { DocumentQuestionMarkRegular } from '@fluentui/react-icons';
import { text as frame } from '../../frame/text';
import { Empty } from '../../parts/Empty';
import { Page } from '../../parts/Page';
import { PageLink } from '../../parts/PageLink';
import { useText } from '../../text/text';

export default function Missing() {
  const t = useText(frame);
  return (
    <Page title={t.nothingHere}>
      <Empty
        icon={DocumentQuestionMarkRegular}
        title={t.nothingHere}
        action={<PageLink to="/">{t.backHome}</PageLink>}
      />
    </Page>
  );
}
