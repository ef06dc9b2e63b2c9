import { Page } from '../../parts/Page';

export default function Activity() {
  return <Page title="Activity">…</Page>;
}
