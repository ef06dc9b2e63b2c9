import { Page } from '../../parts/Page';

export default function Machine() {
  return <Page title="Machine">…</Page>;
}
