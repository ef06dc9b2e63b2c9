/** Names of principals, roles and scopes, by their ids. */
import { useQuery } from '@tanstack/react-query';
import { applicationsQuery, rolesQuery, usersQuery } from '../../api/access';
import { groupOf, nameOf } from '../../api/ids';
import { word } from '../../text/terms';
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
    /** What a role is called by commands. */
    roleName: (id: string) =>
      roles?.find((one) => one.name === nameOf(id))?.properties.roleName ?? nameOf(id),
    role(id: string): string {
      const found = roles?.find((one) => one.name === nameOf(id));
      return word(t.roles, found?.properties.roleName ?? nameOf(id));
    },
    scope(id: string): string {
      if (/\/providers\//i.test(id)) return `${nameOf(id)} (${groupOf(id)})`;
      return groupOf(id) || t.everywhere;
    },
  };
}
