import { Page } from '../../parts/Page';

export default function Vault() {
  return <Page title="Vault">…</Page>;
}
