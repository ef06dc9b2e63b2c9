/** What is done to a user, once more asked: a new one-time password, end its logins, delete it. */
import { ACCESS_ACTION, post, remove } from '../../api/access';
import type { User } from '../../api/access';
import { TOUCHED } from '../../frame/touched';
import { quoted } from '../../parts/Equal';
import type { EqualCommand } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useText } from '../../text/text';
import type { Secret } from './ShownOnce';
import { text } from './text';

export type UserAction = 'reset' | 'end' | 'delete';

export function UserPane(props: {
  user: User;
  action: UserAction;
  onSecret: (secret: Secret) => void;
  onClose: () => void;
}) {
  const { user } = props;
  const t = useText(text);
  const name = user.properties.userName;
  const reset = async () => {
    const made = await post<User>(`${user.id}/resetPassword`);
    const value = made.properties.oneTimePassword;
    if (value) props.onSecret({ title: name, why: t.oneTimeOf(name), value });
  };
  const of = {
    reset: {
      title: t.resetTitle(name),
      label: t.resetPassword,
      why: t.resetWhy,
      told: { begun: t.resetting(name), done: t.reset(name), failed: t.notReset(name) },
      work: reset,
      action: ACCESS_ACTION.write,
      equal: {
        stillpoint: `stillpoint user reset-password ${quoted(name)}`,
        rest: { method: 'POST', path: `${user.id}/resetPassword` },
      } satisfies EqualCommand,
    },
    end: {
      title: t.endTitle(name),
      label: t.endLogins,
      why: t.endWhy,
      told: { begun: t.ending(name), done: t.ended(name), failed: t.notEnded(name) },
      work: async () => void (await post(`${user.id}/endLogins`)),
      action: ACCESS_ACTION.write,
      equal: {
        stillpoint: `stillpoint user end-logins ${quoted(name)}`,
        rest: { method: 'POST', path: `${user.id}/endLogins` },
      } satisfies EqualCommand,
    },
    delete: {
      title: t.deleteTitle(name),
      label: t.delete,
      why: t.deleteWhy,
      told: { begun: t.deleting(name), done: t.deleted(name), failed: t.notDeleted(name) },
      work: () => remove(user.id),
      action: ACCESS_ACTION.delete,
      equal: {
        stillpoint: `stillpoint user delete ${quoted(name)}`,
        rest: { method: 'DELETE', path: user.id },
      } satisfies EqualCommand,
    },
  }[props.action];
  return (
    <FormPanel
      title={of.title}
      label={of.label}
      told={of.told}
      work={of.work}
      touches={TOUCHED.access}
      needs={{ action: of.action, on: user.id }}
      equal={of.equal}
      onClose={props.onClose}
    >
      {of.why}
    </FormPanel>
  );
}
