/** Backup policies of a vault, and what they have beside Azure's body. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { every } from './paged';
import { subscriptionId } from './subscription';
import { vaultId } from './vaults';

export type Policy = Schemas['ProtectionPolicy'];
export type PolicyBody = Schemas['ProtectionPolicyInput'];
export type PolicySettings = Schemas['PolicySettings']['properties'];

/** The vault that policies are in. */
export interface In {
  group: string;
  vault: string;
}

export const policyId = async ({ group, vault }: In, name: string) =>
  `${await vaultId(group, vault)}/backupPolicies/${encodeURIComponent(name)}`;

export const settingsOf = (id: string) =>
  `${id}/providers/Stillpoint.Fabric/policySettings/default`;

const key = ({ group, vault }: In) => ['policies', group.toLowerCase(), vault.toLowerCase()];

/** All policies of a vault, which are 200 at most. */
export const policiesQuery = (of: In) =>
  queryOptions({
    queryKey: key(of),
    queryFn: async () => every<Policy>(`${await vaultId(of.group, of.vault)}/backupPolicies`),
  });

export const policyQuery = (of: In, name: string) =>
  queryOptions({
    queryKey: [...key(of), name.toLowerCase()],
    queryFn: async () => (await link<Policy>(await policyId(of, name))).data,
  });

export const settingsQuery = (of: In, name: string) =>
  queryOptions({
    queryKey: [...key(of), name.toLowerCase(), 'settings'],
    queryFn: async () =>
      (await link<Schemas['PolicySettings']>(settingsOf(await policyId(of, name)))).data.properties,
  });

/** Makes a policy or puts another in its place; its settings too, where they are to differ. */
export async function savePolicy(of: In, name: string, body: PolicyBody, more?: PolicySettings) {
  const id = await policyId(of, name);
  const { data } = await link<Policy>(id, { method: 'PUT', body });
  if (more) await link(settingsOf(id), { method: 'PUT', body: { properties: more } });
  return data;
}

export const deletePolicy = async (of: In, name: string) =>
  void (await link(await policyId(of, name), { method: 'DELETE' }));

/** What a policy will have kept after some time, for a machine that it protects from now on. */
export type PolicyPreview = Schemas['PolicyPreview'];

export type PreviewRule = keyof PolicyPreview['byRule'];

/** The points that a policy will keep over the next year; it need not be saved. */
export const previewQuery = (body: PolicyBody) =>
  queryOptions({
    queryKey: ['preview', body],
    queryFn: async () => {
      const at = `${await subscriptionId()}/providers/Stillpoint.Fabric/previewPolicy`;
      return (await link<PolicyPreview>(at, { method: 'POST', body: { ...body, days: 365 } })).data;
    },
    staleTime: 300_000,
  });
