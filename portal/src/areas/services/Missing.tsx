import { Page } from '../../parts/Page';

export default function Missing() {
  return <Page title="Missing">…</Page>;
}
