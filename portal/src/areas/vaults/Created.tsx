/** A vault was made: what it is, and the next step, its storage redundancy (PORTAL-4). */
import { Body1, Button, makeStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { groupOf } from '../../api/ids';
import { called, locationsQuery } from '../../api/locations';
import type { Vault } from '../../api/vaults';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { Facts } from '../../parts/Facts';
import { Page } from '../../parts/Page';
import { PageLink } from '../../parts/PageLink';
import { Status } from '../../parts/Status';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

const useStyles = makeStyles({
  body: { maxWidth: '640px', margin: '0 0 16px' },
  steps: { display: 'flex', flexWrap: 'wrap', gap: '8px', margin: '0 0 24px' },
});

export function Created({ vault, onAgain }: { vault: Vault; onAgain: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const [, go] = useLocation();
  const { data: locations } = useQuery(locationsQuery);
  const group = groupOf(vault.id);
  const at = (section = '') => path.vault(group, vault.name, section);
  return (
    <Page title={t.doneTitle(vault.name)} crumbs={[{ label: names.vaults, path: '/vaults' }]}>
      <Facts
        isSingle
        of={[
          [terms.status, <Status tone="good">{t.created(vault.name)}</Status>],
          [terms.group, group],
          [terms.location, called(locations, vault.location)],
          [
            t.redundancy,
            word(
              terms.redundancy,
              vault.properties.redundancySettings.standardTierStorageRedundancy,
            ),
          ],
        ]}
      />
      <Body1 as="p" block className={styles.body}>
        {t.doneBody}
      </Body1>
      <div className={styles.steps}>
        <Button appearance="primary" onClick={() => go(at('properties?pane=backup'))}>
          {t.setRedundancy}
        </Button>
        <Button onClick={() => go(at())}>{t.goTo}</Button>
        <Button onClick={() => go(at('backup'))}>{t.protect}</Button>
        <Button appearance="subtle" onClick={onAgain}>
          {t.another}
        </Button>
      </div>
      <PageLink to="/help">{t.help}</PageLink>
    </Page>
  );
}
