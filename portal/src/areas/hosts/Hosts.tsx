import { Page } from '../../parts/Page';

export default function Hosts() {
  return <Page title="Hosts">…</Page>;
}
