import { Page } from '../../parts/Page';

export default function Help() {
  return <Page title="Help">…</Page>;
}
