import { Page } from '../../parts/Page';

export default function Vaults() {
  return <Page title="Vaults">…</Page>;
}
