import { Page } from '../../parts/Page';

export default function CreateVault() {
  return <Page title="CreateVault">…</Page>;
}
