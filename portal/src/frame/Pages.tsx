/** Which page is at which path. Each area is a file of its own that is loaded when it is wanted. */
import { lazy } from 'react';
import { Route, Switch } from 'wouter';
import { withWords } from '../text/words';

const Home = lazy(() => import('../areas/home/Home'));
const Services = lazy(() => withWords(import('../areas/services/Services')));
const Vaults = lazy(() => withWords(import('../areas/vaults/Vaults')));
const CreateVault = lazy(() => withWords(import('../areas/vaults/CreateVault')));
const Vault = lazy(() => withWords(import('../areas/vault/Vault')));
const Machines = lazy(() => withWords(import('../areas/machines/Machines')));
const Machine = lazy(() => withWords(import('../areas/machine/Machine')));
const Items = lazy(() => withWords(import('../areas/items/Items')));
const Jobs = lazy(() => withWords(import('../areas/jobs/Jobs')));
const Policies = lazy(() => withWords(import('../areas/policies/Policies')));
const Alerts = lazy(() => withWords(import('../areas/alerts/Alerts')));
const Activity = lazy(() => withWords(import('../areas/activity/Activity')));
const Hosts = lazy(() => withWords(import('../areas/hosts/Hosts')));
const Host = lazy(() => withWords(import('../areas/hosts/Host')));
const Storage = lazy(() => withWords(import('../areas/storage/Storage')));
const Snapshots = lazy(() => withWords(import('../areas/snapshots/Snapshots')));
const Groups = lazy(() => withWords(import('../areas/groups/Groups')));
const Group = lazy(() => withWords(import('../areas/groups/Group')));
const Limits = lazy(() => withWords(import('../areas/limits/Limits')));
const Costs = lazy(() => withWords(import('../areas/costs/Costs')));
const Access = lazy(() => withWords(import('../areas/access/Access')));
const Help = lazy(() => withWords(import('../areas/help/Help')));
const Missing = lazy(() => withWords(import('../areas/services/Missing')));

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
