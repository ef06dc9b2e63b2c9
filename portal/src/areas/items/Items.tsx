import { Page } from '../../parts/Page';

export default function Items() {
  return <Page title="Items">…</Page>;
}
