import { Page } from '../../parts/Page';

export default function Home() {
  return <Page title="Home">…</Page>;
}
