/** A vault's policies. */
import { SearchBox, makeStyles } from '@fluentui/react-components';
import { AddRegular, ArrowClockwiseRegular, CalendarClockRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { policiesQuery } from '../../api/policies';
import { vaultQuery } from '../../api/vaults';
import { Command } from '../../parts/Command';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';
import { PolicyForm } from './PolicyForm';
import { PolicyTable } from './PolicyTable';
import { text } from './text';

const useStyles = makeStyles({ search: { width: '320px', maxWidth: '100%', marginBottom: '8px' } });

export default function VaultPolicies({ of }: { of: VaultPlace }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const { data, error, refetch } = useQuery(policiesQuery(of));
  const { data: vault } = useQuery(vaultQuery(of.group, of.vault));
  const [isAdding, setIsAdding] = useState(false);
  const [word, setWord] = useState('');
  const found = data?.filter((p) => p.name.toLowerCase().includes(word.toLowerCase()));
  const action = 'Microsoft.RecoveryServices/vaults/backupPolicies/write';
  return (
    <VaultLayout
      of={of}
      section="policies"
      commands={
        <>
          <Command
            label={t.add}
            icon={AddRegular}
            needs={vault && { action, on: vault.id }}
            onClick={() => setIsAdding(true)}
          />
          <Command
            label={terms.refresh}
            icon={ArrowClockwiseRegular}
            onClick={() => void refetch()}
          />
        </>
      }
    >
      <SearchBox
        className={styles.search}
        placeholder={t.search}
        aria-label={t.search}
        value={word}
        onChange={(_, { value }) => setWord(value)}
      />
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!found && !error && <Waiting />}
      {found && found.length > 0 && <PolicyTable policies={found} />}
      {found?.length === 0 && (
        <Empty icon={CalendarClockRegular} title={t.noneTitle} body={t.noneBody} />
      )}
      {isAdding && <PolicyForm of={of} onClose={() => setIsAdding(false)} />}
    </VaultLayout>
  );
}
