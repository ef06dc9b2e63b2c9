/** A pane that does one thing to an item. */
import { vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { TOUCHED } from '../../frame/touched';
import { Facts } from '../../parts/Facts';
import { FormPanel } from '../../parts/FormPanel';
import type { FormPanelProps } from '../../parts/FormPanel';
import { useTerms } from '../../text/terms';

export function ActionPane(
  props: Omit<FormPanelProps, 'needs' | 'touches'> & {
    item: Item;
    /** The name of the action by which roles allow it. */
    action: string;
  },
) {
  const { item, action, children, ...rest } = props;
  const terms = useTerms();
  return (
    <FormPanel {...rest} touches={TOUCHED.item} needs={{ action, on: item.id }}>
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
