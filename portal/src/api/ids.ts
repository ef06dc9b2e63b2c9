/** Ids of resources: `/subscriptions/S/resourceGroups/G/providers/N/type/name/…`. */

const part = (id: string, name: string) => {
  const parts = id.split('/');
  const at = parts.findIndex((p) => p.toLowerCase() === name.toLowerCase());
  return at < 0 ? undefined : parts[at + 1];
};

/** The resource group in an id. */
export const groupOf = (id: string) => part(id, 'resourceGroups') ?? '';
/** The vault in an id. */
export const vaultOf = (id: string) => part(id, 'vaults') ?? '';
/** The last part of an id: the resource's name. */
export const nameOf = (id: string) => id.slice(id.lastIndexOf('/') + 1);

/** A protected item is known by its machine's group and name. */
export interface Machine {
  group: string;
  machine: string;
}

/** The machine in the id or native name of an item: `VM;iaasvmcontainerv2;GROUP;NAME`. */
export function machineOf(item: string): Machine {
  const [, , group = '', machine = ''] = nameOf(item).split(';');
  return { group, machine };
}

/** Names of the container and the item of a machine, as Azure's clients write them. */
export function nativeNames({ group, machine }: Machine) {
  return {
    fabric: 'Azure',
    container: `IaasVMContainer;iaasvmcontainerv2;${group};${machine}`,
    item: `VM;iaasvmcontainerv2;${group};${machine}`,
  };
}
