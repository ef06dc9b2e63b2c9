/** What a vault can protect, whether it may, and protecting it. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { groupOf, nameOf } from './ids';
import { ended } from './operations';
import { ITEM_ACTION, itemId } from './items';
import type { Right } from './permissions';
import { pool } from './pool';
import type { In } from './policies';
import { subscriptionId } from './subscription';

export type Protectable = Schemas['ProtectableItem'];
export type Validated = Schemas['PreValidated'];

/** The path of the machines of a vault's location that no vault protects. */
export const protectablePath = (vault: string) => `${vault}/backupProtectableItems`;

/** Has hosts looked at anew, so that new machines are known (DISC-1). */
export async function discover(vault: string) {
  const at = `${vault}/backupFabrics/Azure/refreshContainers`;
  await ended((await link(at, { method: 'POST' })).response);
}

/** No more than so many machines are validated at once. */
const atOnce = pool(4);

/** Whether a machine can be protected, in this vault if one is given (DISC-6). */
export const validationQuery = (location: string, machine: string, vault?: string) =>
  queryOptions({
    queryKey: ['validation', machine.toLowerCase(), vault?.toLowerCase()],
    queryFn: () =>
      atOnce(async () => {
        const at = `${await subscriptionId()}/providers/Microsoft.RecoveryServices/locations/${encodeURIComponent(location)}/backupPreValidateProtection`;
        const body: Schemas['PreValidateInput'] = {
          resourceType: 'VM',
          resourceId: machine,
          ...(vault && { vaultId: vault }),
          properties: '',
        };
        return (await link<Validated>(at, { method: 'POST', body })).data;
      }),
    staleTime: 30_000,
  });

export const enableBody = (machine: string, policy: string) => ({
  properties: {
    protectedItemType: 'Microsoft.Compute/virtualMachines',
    sourceResourceId: machine,
    policyId: policy,
  },
});

/** The id of the item that a machine has, or would have, in a vault. */
export const itemOf = ({ group, vault }: In, machine: string) =>
  itemId(group, vault, { group: groupOf(machine), machine: nameOf(machine) });

/** What protecting machines needs: rights on the vault, and on each machine (RBAC-5). */
export const enablingRights = (vault: string, machines: readonly string[]): Right[] => [
  { action: ITEM_ACTION.write, on: vault },
  ...machines.map((on) => ({ action: 'Microsoft.Compute/virtualMachines/write', on })),
];

/** Protects a machine by a policy; it makes no recovery point (POLICY-18). */
export async function enable(vault: In, machine: string, policy: string) {
  const at = await itemOf(vault, machine);
  const body = enableBody(machine, policy);
  return ended((await link(at, { method: 'PUT', body })).response);
}
