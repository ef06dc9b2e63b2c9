import { Page } from '../../parts/Page';

export default function Alerts() {
  return <Page title="Alerts">…</Page>;
}
