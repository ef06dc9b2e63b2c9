import { Page } from '../../parts/Page';

export default function Machines() {
  return <Page title="Machines">…</Page>;
}
