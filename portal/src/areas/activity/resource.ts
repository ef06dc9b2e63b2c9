/** What an entry of the activity log is about. */
import type { Event } from '../../api/activity';
import { machineOf, nameOf } from '../../api/ids';

/** The id of the resource, without the verb at its end, and what people call it. */
export function resourceOf({ resourceId }: Pick<Event, 'resourceId'>): {
  id: string;
  name: string;
} {
  const [before = '', ...after] = decoded(resourceId).split(/\/providers\//i);
  const last = after.pop();
  if (last === undefined) return { id: before, name: nameOf(before) };
  // NAMESPACE, then a kind and a name, over and over; what is left over is a verb.
  const parts = last.split('/');
  if (parts.length % 2 === 0) parts.pop();
  // A vault's settings are called as the vault.
  if (/^backup(storage)?config$/i.test(parts[parts.length - 2] ?? '')) parts.splice(-2);
  const id = [before, ...after, parts.join('/')].join('/providers/');
  const name = nameOf(id);
  return { id, name: name.includes(';') ? machineOf(id).machine : name };
}

/** Ids may be encoded as they came in an address. */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
