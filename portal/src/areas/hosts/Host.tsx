import { Page } from '../../parts/Page';

export default function Host() {
  return <Page title="Host">…</Page>;
}
