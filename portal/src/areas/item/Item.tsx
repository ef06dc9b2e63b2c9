/** A backup item: a machine in a vault, with all that is kept of it and done to it. */
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy } from 'react';
import { useParams } from 'wouter';
import type { Machine } from '../../api/ids';
import { itemQuery } from '../../api/items';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { Waiting } from '../../parts/Waiting';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { Points } from '../points/Points';
import type { VaultPlace } from '../vault/VaultLayout';
import { useVaultCrumbs } from '../vault/VaultLayout';
import { ActionCommands, useActions } from './Actions';
import { Notices } from './Notices';
import { Summary } from './Summary';
import { text } from './text';
import { TOUCHED, useRefreshed } from '../../frame/touched';

const Restore = lazy(() => import('../restore/Restore'));

export default function Item({ of, machine }: { of: VaultPlace; machine: Machine }) {
  const section = useParams()['*'];
  if (section === 'restore') {
    return (
      <Suspense fallback={<Waiting />}>
        <Restore of={of} machine={machine} />
      </Suspense>
    );
  }
  return <Shown of={of} machine={machine} />;
}

function Shown({ of, machine }: { of: VaultPlace; machine: Machine }) {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const found = useQuery(itemQuery(of.group, of.vault, machine));
  const refreshed = useRefreshed();
  const { begin, pane } = useActions();
  const item = found.data;
  const crumbs = [
    ...useVaultCrumbs(of),
    { label: names.items, path: path.vault(of.group, of.vault, 'items/vm') },
  ];
  return (
    <Page
      title={item?.properties.friendlyName ?? machine.machine}
      subtitle={t.kind(of.vault)}
      crumbs={crumbs}
      commands={
        <>
          {item && <ActionCommands item={item} begin={begin} />}
          <Command
            label={terms.refresh}
            icon={ArrowClockwiseRegular}
            onClick={() => void refreshed(TOUCHED.item)}
          />
        </>
      }
    >
      {found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Waiting />}
      {item && (
        <>
          <Notices item={item} begin={begin} />
          <Summary item={item} />
          <Points item={item} />
        </>
      )}
      {pane}
    </Page>
  );
}
