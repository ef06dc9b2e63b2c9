/** One machine: its menu, and the section that is chosen. */
import { Button } from '@fluentui/react-components';
import { DesktopRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useLocation, useParams } from 'wouter';
import { machineRowQuery } from '../../api/machines';
import { text as frame } from '../../frame/text';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { BackupSection } from './BackupSection';
import { MachineLayout } from './MachineLayout';
import { Overview } from './Overview';
import { text } from './text';

export default function Machine() {
  const params = useParams<{ group: string; machine: string; '*'?: string }>();
  const { group = '', machine = '' } = params;
  const section = params['*'] ?? '';
  const row = useQuery(machineRowQuery(group, machine));
  if (row.data === null) return <None name={machine} />;
  if (row.data) {
    return section === 'backup' ? (
      <BackupSection machine={row.data} />
    ) : (
      <Overview machine={row.data} />
    );
  }
  return (
    <MachineLayout group={group} name={machine} section={section === 'backup' ? 'backup' : ''}>
      {row.error ? <Failure error={row.error} retry={() => void row.refetch()} /> : <Waiting />}
    </MachineLayout>
  );
}

function None({ name }: { name: string }) {
  const t = useText(text);
  const names = useText(frame);
  const [, go] = useLocation();
  return (
    <Page title={name} crumbs={[{ label: names.machines, path: '/machines' }]}>
      <Empty
        icon={DesktopRegular}
        title={t.missingTitle}
        body={t.missingBody}
        action={<Button onClick={() => go('/machines')}>{t.toMachines}</Button>}
      />
    </Page>
  );
}
