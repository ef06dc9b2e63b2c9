import { Page } from '../../parts/Page';

export default function Storage() {
  return <Page title="Storage">…</Page>;
}
