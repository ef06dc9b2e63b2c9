/** Whether a host answers. */
import { answers } from '../../api/hosts';
import type { Host } from '../../api/hosts';
import { Status } from '../../parts/Status';
import { useText } from '../../text/text';
import { text } from './text';

export function HostStatus({ host }: { host: Host }) {
  const t = useText(text);
  if (!host.properties.seen) return <Status tone="unknown">{t.never}</Status>;
  if (answers(host)) return <Status tone="good">{t.answers}</Status>;
  return <Status tone="bad">{t.silent}</Status>;
}
