import { useQuery } from '@tanstack/react-query';
import { machineRowQuery } from '../../api/machines';
import { useStill } from '../../parts/useStill';
import { isName } from './draft';
import type { Draft } from './draft';

/** Whether the new machine's name is taken, once it has been typed. */
export function useTaken({ way, name, group }: Draft): boolean {
  const asked = way === 'machine' && group !== '' && isName(name) ? name : '';
  const still = useStill(asked);
  const { data } = useQuery(machineRowQuery(group, still));
  return asked !== '' && still === asked && data != null && data.properties.standing !== 'Gone';
}
