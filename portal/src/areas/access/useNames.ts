/** Names of principals, roles and scopes, by their ids. */
import { useQuery } from '@tanstack/react-query';
import { applicationsQuery, rolesQuery, usersQuery } from '../../api/access';
import { groupOf, nameOf } from '../../api/ids';
import { useText } from '../../text/text';
import { text } from './text';

export function useNames() {
  const t = useText(text);
  const users = useQuery(usersQuery).data;
  const applications = useQuery(applicationsQuery).data;
  const roles = useQuery(rolesQuery).data;
  return {
    /** A user or an application; one that is gone is called by its id. */
    who(objectId: string): string {
      const user = users?.find((one) => one.properties.objectId === objectId);
      const app = applications?.find((one) => one.properties.objectId === objectId);
      return user?.properties.userName ?? app?.properties.displayName ?? objectId;
    },
    role(id: string): string {
      const found = roles?.find((one) => one.name === nameOf(id));
      return found?.properties.roleName ?? nameOf(id);
    },
    scope(id: string): string {
      if (/\/providers\//i.test(id)) return `${nameOf(id)} (${groupOf(id)})`;
      return groupOf(id) || t.everywhere;
    },
  };
}
