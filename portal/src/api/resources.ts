/** Resources of every kind in one list. */
import type { Schemas } from './client';

export type Resource = Schemas['Listed'];

/** All that is asked of the list begins with this key. */
export const RESOURCES = 'resources';

/** Those of a group. */
export const resourcesPath = (subscription: string, group: string) =>
  `${subscription}/resources?$filter=${encodeURIComponent(`resourceGroup eq '${group.replaceAll("'", "''")}'`)}`;

/** Kinds that people see only when they ask for them, as in Azure's portal. */
export const HIDDEN: readonly string[] = ['microsoft.compute/restorepointcollections'];

export const isHidden = ({ type }: Resource) => HIDDEN.includes(type.toLowerCase());
