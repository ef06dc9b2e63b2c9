import { Page } from '../../parts/Page';

export default function Services() {
  return <Page title="Services">…</Page>;
}
