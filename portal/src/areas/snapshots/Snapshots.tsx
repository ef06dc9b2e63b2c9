import { Page } from '../../parts/Page';

export default function Snapshots() {
  return <Page title="Snapshots">…</Page>;
}
