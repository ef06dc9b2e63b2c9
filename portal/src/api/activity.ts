/** The activity log: who changed what, and how it ended. */
import type { Schemas } from './client';

export type Event = Schemas['Event'];

/** All that is asked of the log begins with this key. */
export const ACTIVITY = 'activity';

/** What of the log is wanted. */
export interface ActivityFilter {
  /** The id of a resource or a group: what happened to it and below it. */
  scope?: string;
  from?: Date;
}

/** The path of the log. */
export function activityPath(subscription: string, { scope, from }: ActivityFilter): string {
  const wanted = [
    from && `eventTimestamp ge '${from.toISOString()}'`,
    scope && `resourceUri eq '${scope.replaceAll("'", "''")}'`,
  ].filter(Boolean);
  const at = `${subscription}/providers/Microsoft.Insights/eventtypes/management/values`;
  return wanted.length ? `${at}?$filter=${encodeURIComponent(wanted.join(' and '))}` : at;
}
