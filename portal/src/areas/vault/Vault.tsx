/** Which page of a vault is at which path. */
import { lazy } from 'react';
import { Route, Switch, useParams } from 'wouter';

const Overview = lazy(() => import('./Overview'));
const Properties = lazy(() => import('./Properties'));
const Infrastructure = lazy(() => import('./Infrastructure'));
const Locks = lazy(() => import('./Locks'));
const DeleteVault = lazy(() => import('./DeleteVault'));
const VaultAlerts = lazy(() => import('../alerts/VaultAlerts'));
const VaultActivity = lazy(() => import('../activity/VaultActivity'));
const VaultItems = lazy(() => import('../items/VaultItems'));
const VaultJobs = lazy(() => import('../jobs/VaultJobs'));
const JobDetails = lazy(() => import('../jobs/JobDetails'));
const VaultPolicies = lazy(() => import('../policies/VaultPolicies'));
const Policy = lazy(() => import('../policies/Policy'));
const Protect = lazy(() => import('../protect/Protect'));
const Item = lazy(() => import('../item/Item'));
const Missing = lazy(() => import('../services/Missing'));

const AT = '/vaults/:group/:vault';

export default function Vault() {
  const { group = '', vault = '' } = useParams<{ group: string; vault: string }>();
  const of = { group, vault };
  return (
    <Switch>
      <Route path={AT}>
        <Overview of={of} />
      </Route>
      <Route path={`${AT}/backup`}>
        <Protect of={of} />
      </Route>
      <Route path={`${AT}/items`}>
        <VaultItems of={of} />
      </Route>
      <Route path={`${AT}/items/vm`}>
        <VaultItems of={of} isList />
      </Route>
      <Route path={`${AT}/items/vm/:machineGroup/:machine/*?`}>
        {({ machineGroup, machine }) => (
          <Item of={of} machine={{ group: machineGroup ?? '', machine: machine ?? '' }} />
        )}
      </Route>
      <Route path={`${AT}/jobs`}>
        <VaultJobs of={of} />
      </Route>
      <Route path={`${AT}/jobs/:job`}>{({ job }) => <JobDetails of={of} job={job ?? ''} />}</Route>
      <Route path={`${AT}/policies`}>
        <VaultPolicies of={of} />
      </Route>
      <Route path={`${AT}/policies/:policy`}>
        {({ policy }) => <Policy of={of} policy={policy ?? ''} />}
      </Route>
      <Route path={`${AT}/properties`}>
        <Properties of={of} />
      </Route>
      <Route path={`${AT}/infrastructure`}>
        <Infrastructure of={of} />
      </Route>
      <Route path={`${AT}/locks`}>
        <Locks of={of} />
      </Route>
      <Route path={`${AT}/delete`}>
        <DeleteVault of={of} />
      </Route>
      <Route path={`${AT}/alerts`}>
        <VaultAlerts of={of} />
      </Route>
      <Route path={`${AT}/activity`}>
        <VaultActivity of={of} />
      </Route>
      <Route component={Missing} />
    </Switch>
  );
}
