import { Page } from '../../parts/Page';

export default function Access() {
  return <Page title="Access">…</Page>;
}
