/** What a restore is asked for while it is filled in; what there is only one of is chosen. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { machineOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { accountsQuery, networksQuery } from '../../api/restoreTargets';
import type { Draft } from './draft';

export function useDraft(item: Item) {
  const accounts = useQuery(accountsQuery);
  const networks = useQuery(networksQuery);
  const [said, setSaid] = useState<Partial<Draft>>({});
  const draft: Draft = {
    way: 'machine',
    name: '',
    group: machineOf(item.id).group,
    account: accounts.data?.[0]?.id ?? '',
    network: networks.data?.[0]?.id ?? '',
    disks: 'all',
    luns: [],
    ...said,
  };
  const change = (more: Partial<Draft>) => setSaid((before) => ({ ...before, ...more }));
  return { draft, change };
}
