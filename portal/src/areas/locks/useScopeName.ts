/** What a lock is on, in words. */
import { groupOf, nameOf } from '../../api/ids';
import { useText } from '../../text/text';
import { text } from './text';

export function useScopeName(here: string) {
  const t = useText(text);
  return (scope: string): string => {
    if (scope.toLowerCase() === here.toLowerCase()) return t.this;
    if (/\/providers\//i.test(scope)) return nameOf(scope);
    const group = groupOf(scope);
    return group ? t.group(group) : t.subscription;
  };
}
