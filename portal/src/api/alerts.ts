/** Alerts: what somebody should look at, until its cause is gone or they make it inactive. */
import type { Schemas } from './client';
import { link } from './client';

export type Alert = Schemas['Alert'];

/** All that is asked of alerts begins with this key. */
export const ALERTS = 'alerts';

export const ALERT_CHANGE = 'Microsoft.AlertsManagement/alerts/changestate/action';

/** Which alerts a list shows. */
export type AlertChoice = 'active' | 'inactive' | 'resolved' | 'all';

export const CHOICES: readonly AlertChoice[] = ['active', 'inactive', 'resolved', 'all'];

const QUERY: Record<AlertChoice, string> = {
  active: '?monitorCondition=Fired',
  inactive: '?alertState=Closed',
  resolved: '?monitorCondition=Resolved',
  all: '',
};

/** The path of the alerts of a scope. */
export const alertsPath = (scope: string, choice: AlertChoice) =>
  `${scope}/providers/Microsoft.AlertsManagement/alerts${QUERY[choice]}`;

/** How an alert stands: somebody made it inactive, its cause is gone, or it is open. */
export type AlertStanding = 'active' | 'acknowledged' | 'inactive' | 'resolved';

export function standing({ properties: { essentials } }: Alert): AlertStanding {
  if (essentials.alertState === 'Closed') return 'inactive';
  if (essentials.monitorCondition === 'Resolved') return 'resolved';
  return essentials.alertState === 'Acknowledged' ? 'acknowledged' : 'active';
}

/** The path that changes an alert's state. */
export const changePath = ({ id }: Alert, to: 'Closed' | 'New') =>
  `${id}/changestate?newState=${to}`;

/** Makes an alert inactive, or active again (MON-6). */
export const changeAlert = async (alert: Alert, to: 'Closed' | 'New') =>
  void (await link(changePath(alert, to), { method: 'POST' }));
