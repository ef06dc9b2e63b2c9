import { Page } from '../../parts/Page';

export default function Costs() {
  return <Page title="Costs">…</Page>;
}
