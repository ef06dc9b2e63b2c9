/** A vault that is being described, before it is made. */

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
