/** Creating a vault (PORTAL-3, PORTAL-4): name, subscription, resource group, location. */
import { Body1, Button, Field, Spinner, makeStyles, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { FormEvent } from 'react';
import { useLocation } from 'wouter';
import { GROUP_ACTION, createGroup, groupsQuery } from '../../api/groups';
import { groupOf } from '../../api/ids';
import { locationsQuery } from '../../api/locations';
import { useRefusal } from '../../api/permissions';
import { useSubscription } from '../../api/subscription';
import type { Vault } from '../../api/vaults';
import { createVault, vaultsQuery } from '../../api/vaults';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { TOUCHED } from '../../frame/touched';
import { useWork } from '../../frame/useWork';
import { Equal } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { Created } from './Created';
import { GroupField } from './GroupField';
import { LocationField } from './LocationField';
import { NameField } from './NameField';
import { createEqual } from './commands';
import type { Draft } from './draft';
import { EMPTY, makingRights, placeOf, withGroupMade } from './draft';
import { wrongGroup, wrongName } from './rules';
import { text } from './text';

const useStyles = makeStyles({
  form: { display: 'grid', gap: '20px', maxWidth: '640px' },
  intro: { maxWidth: '640px', margin: '0 0 20px', color: tokens.colorNeutralForeground2 },
  after: { margin: 0, color: tokens.colorNeutralForeground2 },
  foot: {
    position: 'sticky',
    bottom: 0,
    display: 'flex',
    alignItems: 'center',
    flexWrap: 'wrap',
    gap: '8px',
    padding: '12px 0',
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  wrong: { color: tokens.colorStatusDangerForeground1 },
});

export default function CreateVault() {
  const styles = useStyles();
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const [, go] = useLocation();
  const subscription = useSubscription();
  const { data: vaults = [] } = useQuery(vaultsQuery);
  const { data: groups = [] } = useQuery(groupsQuery);
  const { data: locations = [] } = useQuery(locationsQuery);
  const { work, isBusy, error } = useWork(TOUCHED.vault);
  const [typed, setTyped] = useState<Draft>(EMPTY);
  const [isTried, setIsTried] = useState(false);
  const [made, setMade] = useState<Vault>();

  const mayMakeGroups = useRefusal(
    subscription && { action: GROUP_ACTION.write, on: subscription.id },
  );
  const draft = withDefaults(typed, groups, locations);
  const place = placeOf(draft);
  const refused = useRefusal(subscription && makingRights(draft, subscription.id));
  const wrong = {
    name: wrongName(draft.name, vaults, t),
    group: draft.isNewGroup
      ? wrongGroup(
          draft.newGroup,
          groups.map((g) => g.name),
          t,
        )
      : draft.group
        ? undefined
        : t.groupChoose,
    location: draft.location ? undefined : t.locationChoose,
  };
  const isWrong = Object.values(wrong).some((one) => one !== undefined);
  const change = (some: Partial<Draft>) => setTyped({ ...draft, ...some });

  const create = async (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (isWrong || isBusy || refused !== undefined || !subscription) return;
    const { name, location } = draft;
    const said = { begun: t.creating(name), failed: t.failed(name) };
    await work(said, async () => {
      if (draft.isNewGroup) {
        await createGroup(place.name, location);
        setTyped(withGroupMade(draft));
      }
      const id = `${subscription.id}/resourceGroups/${place.name}/providers/Microsoft.RecoveryServices/vaults/${name}`;
      const vault = await createVault(id, location);
      setMade(vault);
      const to = { path: path.vault(groupOf(vault.id), vault.name), label: t.goTo };
      return { title: t.created(vault.name), to };
    });
  };

  if (made) {
    const again = () => {
      setTyped(EMPTY);
      setIsTried(false);
      setMade(undefined);
    };
    return <Created vault={made} onAgain={again} />;
  }
  return (
    <Page title={t.title} crumbs={[{ label: names.vaults, path: '/vaults' }]}>
      <Body1 as="p" block className={styles.intro}>
        {t.intro}
      </Body1>
      <form className={styles.form} noValidate onSubmit={(event) => void create(event)}>
        <NameField
          name={draft.name}
          wrong={draft.name || isTried ? wrong.name : undefined}
          onChange={(name) => change({ name })}
        />
        <Field label={terms.subscription}>
          <span>{subscription?.displayName ?? '…'}</span>
        </Field>
        <GroupField
          draft={draft}
          groups={groups}
          wrong={(draft.isNewGroup && draft.newGroup) || isTried ? wrong.group : undefined}
          refusedNew={mayMakeGroups}
          onChange={change}
        />
        <LocationField
          location={draft.location}
          locations={locations}
          wrong={isTried ? wrong.location : undefined}
          onChange={(location) => change({ location })}
        />
        <p className={styles.after}>{t.afterwards}</p>
        {!isWrong && subscription && <Equal to={createEqual(subscription.id, draft, groups)} />}
        {error !== undefined && <Failure error={error} />}
        <div className={styles.foot}>
          <Button
            appearance="primary"
            type="submit"
            disabledFocusable={isBusy || refused !== undefined}
            title={refused}
            icon={isBusy ? <Spinner size="tiny" /> : undefined}
          >
            {terms.create}
          </Button>
          <Button onClick={() => go('/vaults')}>{terms.cancel}</Button>
          <span className={styles.wrong} role="status">
            {isTried && isWrong ? t.needed : ''}
          </span>
        </div>
      </form>
    </Page>
  );
}

/** Where there is but one to choose, it is chosen. */
function withDefaults(
  typed: Draft,
  groups: { name: string; managedBy: string | null }[],
  locations: { name: string }[],
): Draft {
  const own = groups.filter((g) => g.managedBy === null);
  const only = own.length === 1 ? own[0]?.name : undefined;
  return {
    ...typed,
    group: typed.group || (only ?? ''),
    location: typed.location || (locations.length === 1 && locations[0]?.name) || '',
  };
}
