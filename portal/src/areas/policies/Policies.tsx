import { Page } from '../../parts/Page';

export default function Policies() {
  return <Page title="Policies">…</Page>;
}
