/** Takes a pool or a restore folder away, once more asked. */
import { useQueryClient } from '@tanstack/react-query';
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
  listKey: string;
  onClose: () => void;
}) {
  const { id, name } = props;
  const t = useText(text);
  const client = useQueryClient();
  const work = async () => {
    await remove(id);
    await client.invalidateQueries({ queryKey: [props.listKey] });
  };
  return (
    <FormPanel
      title={t.removeTitle(name)}
      label={t.remove}
      told={{ begun: t.removing(name), done: t.removed(name), failed: t.notRemoved(name) }}
      work={work}
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
