/** What a vault's and a new group's name must be, as the server has it, to be said while one types. */
import { groupOf } from '../../api/ids';
import type { Vault } from '../../api/vaults';
import type { text } from './text';

type T = Pick<
  (typeof text)['en'],
  | 'nameShort'
  | 'nameLong'
  | 'nameFirst'
  | 'nameOther'
  | 'nameBlank'
  | 'nameTaken'
  | 'groupBad'
  | 'groupTaken'
>;

const LEAST = 2;
const MOST = 50;

/** What is wrong with a vault's name (VAULT-2, VAULT-3); undefined for a good one. */
export function wrongName(name: string, vaults: readonly Vault[], t: T): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return t.nameFirst;
  const other = /[^A-Za-z0-9-]/u.exec(name);
  if (other) return /\s/.test(other[0]) ? t.nameBlank : t.nameOther(other[0]);
  if (name.length < LEAST) return t.nameShort;
  if (name.length > MOST) return t.nameLong(name.length);
  const same = vaults.find((v) => v.name.toLowerCase() === name.toLowerCase());
  return same && t.nameTaken(groupOf(same.id));
}

/** What is wrong with the name of a new group; undefined for a good one. */
export function wrongGroup(name: string, groups: readonly string[], t: T): string | undefined {
  if (!/^[A-Za-z0-9._()-]{1,90}$/.test(name) || name.endsWith('.')) return t.groupBad;
  const isTaken = groups.some((g) => g.toLowerCase() === name.toLowerCase());
  return isTaken ? t.groupTaken : undefined;
}
