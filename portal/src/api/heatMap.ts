/** Which recovery points there are: machines by days. */
import { subscriptionId } from './subscription';

export type Consistency = 'AppConsistent' | 'FileSystemConsistent' | 'CrashConsistent';

/** What there is of one day; null: nothing. */
export interface HeatDay {
  consistency: Consistency;
  isInSnapshot: boolean;
  isInVault: boolean;
  points: number;
}

/** A protected machine; its days, the oldest first. */
export interface HeatRow {
  /** The id of its item. */
  id: string;
  name: string;
  vaultName: string;
  days: (HeatDay | null)[];
}

/** For how many days the map is. */
export const HEAT_DAYS = 30;

export const heatMapPath = async () =>
  `${await subscriptionId()}/providers/Stillpoint.Fabric/heatMap/default?days=${HEAT_DAYS}`;
