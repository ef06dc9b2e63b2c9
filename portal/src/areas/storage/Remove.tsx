/** Takes a pool or a restore folder away, once more asked. */
import { remove } from '../../api/storage';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useText } from '../../text/text';
import { text } from './text';

export function Remove(props: {
  id: string;
  name: string;
  why: string;
  /** The command, but for the name. */
  stillpoint: string;
  action: string;
  touches: readonly string[];
  onClose: () => void;
}) {
  const { id, name } = props;
  const t = useText(text);
  return (
    <FormPanel
      title={t.removeTitle(name)}
      label={t.remove}
      told={{ begun: t.removing(name), done: t.removed(name), failed: t.notRemoved(name) }}
      work={() => remove(id)}
      touches={props.touches}
      needs={{ action: props.action, on: id }}
      equal={{
        stillpoint: `${props.stillpoint} ${quoted(name)}`,
        rest: { method: 'DELETE', path: id },
      }}
      onClose={props.onClose}
    >
      {props.why}
    </FormPanel>
  );
}
