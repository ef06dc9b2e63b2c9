/** What the person may do, so that what it may not is not offered in vain (RBAC-5). */
import { queryOptions, useQueries } from '@tanstack/react-query';
import { texts, useText } from '../text/text';
import { link } from './client';

/** An action and the id of the resource or scope that it is done to. */
export interface Right {
  action: string;
  on: string;
}

interface Permission {
  actions: string[];
  notActions: string[];
}

/** Whether a pattern such as `Microsoft.Compute/…/read` stands for an action. */
export function stands(pattern: string, action: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const literal = parts.map((p) => p.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(action.toLowerCase());
}

/** Whether permissions allow an action. */
export const allows = (permissions: Permission[], action: string) =>
  permissions.some(
    ({ actions, notActions }) =>
      actions.some((p) => stands(p, action)) && !notActions.some((p) => stands(p, action)),
  );

/** Roles are given at a subscription, a group or a resource in it. */
function scopeOf(id: string): string {
  const parts = id.split('/');
  // /subscriptions/S/resourceGroups/G/providers/N/kind/name
  return parts.slice(0, parts[5] === 'providers' ? 9 : parts[3] === 'providers' ? 3 : 5).join('/');
}

const permissionsQuery = (scope: string) =>
  queryOptions({
    queryKey: ['permissions', scope.toLowerCase()],
    queryFn: async () => {
      const at = `${scope}/providers/Microsoft.Authorization/permissions`;
      return (await link<{ value: Permission[] }>(at)).data.value;
    },
    staleTime: 60_000,
  });

const text = texts({
  en: {
    missing: (action: string) =>
      `Your roles do not allow ${action}. Ask an owner for one that does.`,
  },
  'zh-Hant': {
    missing: (action: string) => `您的角色不允許 ${action}。請向擁有者要求適當的角色。`,
  },
  'zh-Hans': {
    missing: (action: string) => `您的角色不允许 ${action}。请向所有者请求适当的角色。`,
  },
});

/** What something needs: a right, several, or none. */
export type Needs = Right | readonly Right[] | undefined;

/**
 * Why something can't be done for want of a right, the first that is missing; undefined if it can,
 * or is not known yet.
 */
export function useRefusal(needs: Needs): string | undefined {
  const t = useText(text);
  const all = needs === undefined ? [] : 'action' in needs ? [needs] : needs;
  const scopes = [...new Set(all.map(({ on }) => scopeOf(on)))];
  const found = useQueries({ queries: scopes.map(permissionsQuery) });
  const missing = all.find(({ action, on }) => {
    const data = found[scopes.indexOf(scopeOf(on))]?.data;
    return data && !allows(data, action);
  });
  return missing && t.missing(missing.action);
}
