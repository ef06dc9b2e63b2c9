/** The commands that are equal to adding and deleting a lock. */
import { groupOf, nameOf } from '../../api/ids';
import type { LockLevel } from '../../api/locks';
import { lockBody, lockId } from '../../api/locks';
import type { EqualCommand } from '../../parts/Equal';
import { quoted } from '../../parts/Equal';

const WORDS: Record<LockLevel, string> = {
  CanNotDelete: 'cannot-delete',
  ReadOnly: 'read-only',
};

/** Where a lock is, in the words of `stillpoint` (undefined: it has none) and of `az`. */
function placeOf(scope: string): { stillpoint?: string; az: string } {
  const group = groupOf(scope);
  const [, kind] = /\/providers\/([^/]+\/[^/]+)\/[^/]+$/.exec(scope) ?? [];
  if (kind) {
    const resource = `--resource ${quoted(nameOf(scope))} --resource-type ${quoted(kind)}`;
    return { az: ` -g ${quoted(group)} ${resource}` };
  }
  const at = group && ` -g ${quoted(group)}`;
  return { stillpoint: at, az: at };
}

export function createEqual(
  scope: string,
  name: string,
  level: LockLevel,
  notes: string,
): EqualCommand {
  const { stillpoint, az } = placeOf(scope);
  const why = notes && ` --notes ${quoted(notes)}`;
  return {
    stillpoint:
      stillpoint === undefined
        ? undefined
        : `stillpoint lock create ${quoted(name)} --level ${WORDS[level]}${why}${stillpoint}`,
    az: `az lock create -n ${quoted(name)} --lock-type ${level}${why}${az}`,
    rest: { method: 'PUT', path: lockId(scope, name), body: lockBody(level, notes) },
  };
}

export function deleteEqual(scope: string, name: string): EqualCommand {
  const { stillpoint, az } = placeOf(scope);
  return {
    stillpoint:
      stillpoint === undefined ? undefined : `stillpoint lock delete ${quoted(name)}${stillpoint}`,
    az: `az lock delete -n ${quoted(name)}${az}`,
    rest: { method: 'DELETE', path: lockId(scope, name) },
  };
}
