/** The policies of all vaults. */
import { Dropdown, Option, SearchBox, Text, makeStyles } from '@fluentui/react-components';
import { ArrowClockwiseRegular, CalendarClockRegular } from '@fluentui/react-icons';
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { groupOf } from '../../api/ids';
import { policiesQuery } from '../../api/policies';
import type { Policy } from '../../api/policies';
import { vaultsQuery } from '../../api/vaults';
import { Command } from '../../parts/Command';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { PageLink } from '../../parts/PageLink';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { inOf, PolicyTable } from './PolicyTable';
import { text } from './text';

const useStyles = makeStyles({
  filters: { display: 'flex', flexWrap: 'wrap', gap: '8px', marginBottom: '8px' },
  search: { width: '320px', maxWidth: '100%' },
  vault: { minWidth: '200px' },
  note: { display: 'block', marginBottom: '8px' },
});

export default function Policies() {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const client = useQueryClient();
  const vaults = useQuery(vaultsQuery);
  // One read a vault; however many machines there are.
  const lists = useQueries({
    queries: (vaults.data ?? []).map((v) => policiesQuery({ group: groupOf(v.id), vault: v.name })),
  });
  const [word, setWord] = useState('');
  const [vault, setVault] = useState('');
  const error = vaults.error ?? lists.find((l) => l.error)?.error;
  const isPending = vaults.isPending || lists.some((l) => l.isPending);
  const refresh = () => {
    void vaults.refetch();
    void client.invalidateQueries({ queryKey: ['policies'] });
  };
  const fits = (p: Policy) =>
    p.name.toLowerCase().includes(word.toLowerCase()) && (!vault || inOf(p).vault === vault);
  const found = lists.flatMap((l) => l.data ?? []).filter(fits);
  return (
    <Page
      title={t.policies}
      commands={<Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />}
    >
      <Text className={styles.note}>{t.vaultNote}</Text>
      <div className={styles.filters}>
        <SearchBox
          className={styles.search}
          placeholder={t.search}
          aria-label={t.search}
          value={word}
          onChange={(_, { value }) => setWord(value)}
        />
        <Dropdown
          className={styles.vault}
          aria-label={terms.vault}
          value={vault || `${terms.vault}: ${terms.all}`}
          selectedOptions={[vault]}
          onOptionSelect={(_, { optionValue }) => setVault(optionValue ?? '')}
        >
          <Option value="">{terms.all}</Option>
          {(vaults.data ?? []).map((v) => (
            <Option key={v.id} value={v.name}>
              {v.name}
            </Option>
          ))}
        </Dropdown>
      </div>
      {error && <Failure error={error} retry={refresh} />}
      {isPending && !error && <Waiting />}
      {found.length > 0 && <PolicyTable policies={found} hasVaults />}
      {!isPending && !error && found.length === 0 && <None hasVaults={lists.length > 0} />}
    </Page>
  );
}

function None({ hasVaults }: { hasVaults: boolean }) {
  const t = useText(text);
  if (hasVaults) {
    return <Empty icon={CalendarClockRegular} title={t.noneTitle} body={t.noneBody} />;
  }
  return (
    <Empty
      icon={CalendarClockRegular}
      title={t.noVaultTitle}
      body={t.noVaultBody}
      action={<PageLink to="/vaults/create">{t.createVault}</PageLink>}
    />
  );
}
