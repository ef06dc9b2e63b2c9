/** A vault that is being described, before it is made. */
import { GROUP_ACTION } from '../../api/groups';
import type { Right } from '../../api/permissions';
import { VAULT_ACTION } from '../../api/vaults';

export interface Draft {
  name: string;
  isNewGroup: boolean;
  /** The group that is there, and the name of the new one: both stay while one compares. */
  group: string;
  newGroup: string;
  location: string;
}

export const EMPTY: Draft = { name: '', isNewGroup: false, group: '', newGroup: '', location: '' };

/** The group that the vault goes to. */
export function placeOf({ isNewGroup, group, newGroup }: Draft) {
  const name = isNewGroup ? newGroup : group;
  return {
    name,
    /** Its id; none yet for a new one, which is made below the subscription. */
    id: (subscription: string) =>
      isNewGroup || !name ? undefined : `${subscription}/resourceGroups/${name}`,
  };
}

/** Once its new group is made, that is one that is there. */
export const withGroupMade = (draft: Draft): Draft => ({
  ...draft,
  isNewGroup: false,
  group: placeOf(draft).name,
});

/** Where rights to make it are asked for: its group, or the subscription for a new one. */
export const scopeOfNew = (draft: Draft, subscription: string) =>
  placeOf(draft).id(subscription) ?? subscription;

/** The rights that making it needs. `subscription` is an id. */
export function makingRights(draft: Draft, subscription: string): Right[] {
  const on = scopeOfNew(draft, subscription);
  const vault = { action: VAULT_ACTION.write, on };
  return draft.isNewGroup ? [{ action: GROUP_ACTION.write, on }, vault] : [vault];
}
