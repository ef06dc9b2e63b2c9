/** A pane that does one thing to an item, and has all read anew that this touches. */
import { vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { Facts } from '../../parts/Facts';
import { FormPanel } from '../../parts/FormPanel';
import type { FormPanelProps } from '../../parts/FormPanel';
import { useTerms } from '../../text/terms';
import { useRefreshed } from './useRefreshed';

export function ActionPane(
  props: Omit<FormPanelProps, 'needs'> & {
    item: Item;
    /** The name of the action by which roles allow it. */
    action: string;
  },
) {
  const { item, action, children, work, ...rest } = props;
  const terms = useTerms();
  const refreshed = useRefreshed();
  const working = async () => {
    const more = await work();
    await refreshed();
    return more;
  };
  return (
    <FormPanel {...rest} work={working} needs={{ action, on: item.id }}>
      <Facts
        isSingle
        of={[
          [terms.machine, item.properties.friendlyName],
          [terms.vault, vaultOf(item.id)],
        ]}
      />
      {children}
    </FormPanel>
  );
}
