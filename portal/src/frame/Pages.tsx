/** Which page is at which path. Each area is a file of its own that is loaded when it is wanted. */
import { lazy } from 'react';
import { Route, Switch } from 'wouter';

const Home = lazy(() => import('../areas/home/Home'));
const Services = lazy(() => import('../areas/services/Services'));
const Vaults = lazy(() => import('../areas/vaults/Vaults'));
const CreateVault = lazy(() => import('../areas/vaults/CreateVault'));
const Vault = lazy(() => import('../areas/vault/Vault'));
const Machines = lazy(() => import('../areas/machines/Machines'));
const Machine = lazy(() => import('../areas/machine/Machine'));
const Items = lazy(() => import('../areas/items/Items'));
const Jobs = lazy(() => import('../areas/jobs/Jobs'));
const Policies = lazy(() => import('../areas/policies/Policies'));
const Alerts = lazy(() => import('../areas/alerts/Alerts'));
const Activity = lazy(() => import('../areas/activity/Activity'));
const Hosts = lazy(() => import('../areas/hosts/Hosts'));
const Host = lazy(() => import('../areas/hosts/Host'));
const Storage = lazy(() => import('../areas/storage/Storage'));
const Snapshots = lazy(() => import('../areas/snapshots/Snapshots'));
const Groups = lazy(() => import('../areas/groups/Groups'));
const Group = lazy(() => import('../areas/groups/Group'));
const Limits = lazy(() => import('../areas/limits/Limits'));
const Costs = lazy(() => import('../areas/costs/Costs'));
const Access = lazy(() => import('../areas/access/Access'));
const Help = lazy(() => import('../areas/help/Help'));
const Missing = lazy(() => import('../areas/services/Missing'));

export function Pages() {
  return (
    <Switch>
      <Route path="/" component={Home} />
      <Route path="/services" component={Services} />
      <Route path="/vaults" component={Vaults} />
      <Route path="/vaults/create" component={CreateVault} />
      <Route path="/vaults/:group/:vault/*?" component={Vault} />
      <Route path="/machines" component={Machines} />
      <Route path="/machines/:group/:machine/*?" component={Machine} />
      <Route path="/items" component={Items} />
      <Route path="/jobs" component={Jobs} />
      <Route path="/policies" component={Policies} />
      <Route path="/alerts" component={Alerts} />
      <Route path="/activity" component={Activity} />
      <Route path="/hosts" component={Hosts} />
      <Route path="/hosts/:host" component={Host} />
      <Route path="/storage" component={Storage} />
      <Route path="/snapshots" component={Snapshots} />
      <Route path="/groups" component={Groups} />
      <Route path="/groups/:group/:section?" component={Group} />
      <Route path="/limits" component={Limits} />
      <Route path="/costs" component={Costs} />
      <Route path="/access" component={Access} />
      <Route path="/help" component={Help} />
      <Route component={Missing} />
    </Switch>
  );
}
