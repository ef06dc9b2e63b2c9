/** After enabling: the policy runs on schedule; somebody is invited to start the first backup (PORTAL-8). */
import {
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
} from '@fluentui/react-components';
import type { Policy } from '../../api/policies';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { isKnown, nextRuns } from '../policies/runs';
import { draftOf } from '../policies/wire';
import type { VaultPlace } from '../vault/VaultLayout';
import { text } from './text';

export function Enabled({ of, policy }: { of: VaultPlace; policy: Policy }) {
  const t = useText(text);
  const time = useTime();
  const draft = draftOf(policy);
  const next = isKnown(draft) ? nextRuns(draft, 1)[0] : undefined;
  return (
    <MessageBar intent="success" layout="multiline" role="status">
      <MessageBarBody>
        <MessageBarTitle>{t.afterTitle}</MessageBarTitle>
        {t.after(policy.name)} {next && t.next(time.moment(next))}
      </MessageBarBody>
      <MessageBarActions>
        <PageLink isInMessage to={path.vault(of.group, of.vault, 'items/vm')}>
          {t.toItems}
        </PageLink>
      </MessageBarActions>
    </MessageBar>
  );
}
