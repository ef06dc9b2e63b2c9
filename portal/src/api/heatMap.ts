/** Which recovery points there are: machines by days. */
import type { Schemas } from './client';
import { subscriptionId } from './subscription';

/** Some machines of the map, each with its days; days without anything are left out. */
export type HeatMap = Schemas['HeatMap'];

/** A protected machine. */
export type HeatRow = Schemas['HeatMapRow'];

/** A day of UTC: its points, the best of them, and how its backups ended. */
export type HeatDay = HeatRow['days'][number];

/** For how many days the map is. */
export const HEAT_DAYS = 30;

export const heatMapPath = async () =>
  `${await subscriptionId()}/providers/Stillpoint.Fabric/heatMap/default?days=${HEAT_DAYS}`;
