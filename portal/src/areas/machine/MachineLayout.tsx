/** A machine's menu: Overview, and Operations with Backup (PORTAL-1). */
import { DesktopRegular, ShieldCheckmarkRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { ResourceLayout } from '../../parts/ResourceLayout';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { text } from './text';

export function MachineLayout(props: {
  group: string;
  name: string;
  section: '' | 'backup';
  commands?: ReactNode;
  children: ReactNode;
}) {
  const t = useText(text);
  const terms = useTerms();
  const names = useText(frame);
  return (
    <ResourceLayout
      name={props.name}
      kind={terms.machine}
      path={path.machine(props.group, props.name)}
      crumbs={[{ label: names.machines, path: '/machines' }]}
      menu={[
        { sections: [{ path: '', label: t.overview, icon: DesktopRegular }] },
        {
          label: t.operations,
          sections: [{ path: 'backup', label: t.backup, icon: ShieldCheckmarkRegular }],
        },
      ]}
      section={props.section}
      commands={props.commands}
    >
      {props.children}
    </ResourceLayout>
  );
}
