/** Which recovery points there are: machines by days. */
import { subscriptionId } from './subscription';

export type Consistency = 'AppConsistent' | 'FileSystemConsistent' | 'CrashConsistent';

/** A day of UTC: its points, the best of them, and how its backups ended. */
export interface HeatDay {
  /** `2026-11-23`. */
  date: string;
  points: number;
  status: 'None' | 'Completed' | 'Warning' | 'Failed';
  /** Of the best point, where there is one. */
  consistency?: Consistency;
  tier?: 'Snapshot' | 'Vault' | 'SnapshotAndVault';
}

/** A protected machine; its days, the oldest first. */
export interface HeatRow {
  /** The id of its item. */
  id: string;
  name: string;
  vaultId: string;
  vaultName: string;
  days: HeatDay[];
}

/** For how many days the map is. */
export const HEAT_DAYS = 30;

export const heatMapPath = async () =>
  `${await subscriptionId()}/providers/Stillpoint.Fabric/heatMap/default?days=${HEAT_DAYS}`;
