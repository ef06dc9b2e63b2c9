/** Who may do what: users, applications, roles and who has which. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { every } from './paged';
import { subscriptionId } from './subscription';

export type User = Schemas['User'];
export type Application = Schemas['Application'];
export type RoleDefinition = Schemas['RoleDefinition'];
export type RoleAssignment = Schemas['RoleAssignment'];

/** All that is asked of access begins with this key. */
export const ACCESS = 'access';

export const ACCESS_ACTION = {
  write: 'Stillpoint.Fabric/principals/write',
  delete: 'Stillpoint.Fabric/principals/delete',
  assign: 'Microsoft.Authorization/roleAssignments/write',
  unassign: 'Microsoft.Authorization/roleAssignments/delete',
} as const;

const list = <T>(name: string, path: string) =>
  queryOptions({
    queryKey: [ACCESS, name],
    queryFn: async () => every<T>(`${await subscriptionId()}/providers/${path}`),
  });

export const usersQuery = list<User>('users', 'Stillpoint.Fabric/users');
export const applicationsQuery = list<Application>('apps', 'Stillpoint.Fabric/applications');
export const rolesQuery = list<RoleDefinition>('roles', 'Microsoft.Authorization/roleDefinitions');
export const assignmentsQuery = list<RoleAssignment>(
  'assignments',
  'Microsoft.Authorization/roleAssignments',
);

export const usersPath = (subscription: string) =>
  `${subscription}/providers/Stillpoint.Fabric/users`;
export const applicationsPath = (subscription: string) =>
  `${subscription}/providers/Stillpoint.Fabric/applications`;
export const assignmentPath = (scope: string, name: string) =>
  `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;

/** Sends something, and gives what is answered. */
export const post = async <T>(path: string, body?: unknown) =>
  (await link<T>(path, { method: 'POST', ...(body === undefined ? {} : { body }) })).data;

export const remove = async (path: string) => void (await link(path, { method: 'DELETE' }));

export const assignmentBody = (roleDefinitionId: string, principalId: string) => ({
  properties: { roleDefinitionId, principalId },
});

/** Gives somebody a role at a scope. */
export const assign = async (path: string, body: ReturnType<typeof assignmentBody>) =>
  void (await link(path, { method: 'PUT', body }));
