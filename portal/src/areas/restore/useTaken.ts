import { useQuery } from '@tanstack/react-query';
import { machineRowQuery } from '../../api/restoreTargets';
import { useSubscription } from '../../api/subscription';
import { useStill } from '../../parts/useStill';
import { isName } from './draft';
import type { Draft } from './draft';

/** Whether the new machine's name is taken, once it has been typed. */
export function useTaken({ way, name, group }: Draft): boolean {
  const subscription = useSubscription()?.id;
  const id =
    subscription && way === 'machine' && group && isName(name)
      ? `${subscription}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${name}`
      : '';
  const still = useStill(id);
  const { data } = useQuery(machineRowQuery(still));
  return still !== '' && still === id && data != null && data.properties.standing !== 'Gone';
}
