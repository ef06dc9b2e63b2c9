/** A vault's page: its menu and one of its sections. */
import {
  ArchiveRegular,
  CalendarClockRegular,
  DeleteRegular,
  HistoryRegular,
  AlertRegular,
  LockClosedRegular,
  OptionsRegular,
  SettingsRegular,
  ShieldCheckmarkRegular,
  TaskListSquareLtrRegular,
} from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { ResourceLayout } from '../../parts/ResourceLayout';
import { texts, useText } from '../../text/text';
import { useTerms } from '../../text/terms';

const text = texts({
  en: {
    overview: 'Overview',
    protectedItems: 'Protected items',
    manage: 'Manage',
    monitoring: 'Monitoring',
    settings: 'Settings',
    infrastructure: 'Backup Infrastructure',
    properties: 'Properties',
    locks: 'Locks',
    remove: 'Delete vault',
  },
  'zh-Hant': {
    overview: '總覽',
    protectedItems: '受保護的項目',
    manage: '管理',
    monitoring: '監視',
    settings: '設定',
    infrastructure: '備份基礎結構',
    properties: '屬性',
    locks: '鎖定',
    remove: '刪除保存庫',
  },
  'zh-Hans': {
    overview: '概述',
    protectedItems: '受保护的项',
    manage: '管理',
    monitoring: '监视',
    settings: '设置',
    infrastructure: '备份基础结构',
    properties: '属性',
    locks: '锁',
    remove: '删除保管库',
  },
});

export type VaultSection =
  | ''
  | 'items'
  | 'jobs'
  | 'alerts'
  | 'activity'
  | 'policies'
  | 'infrastructure'
  | 'properties'
  | 'locks'
  | 'delete';

/** The vault that a page is about. */
export interface VaultPlace {
  group: string;
  vault: string;
}

/** What stands above a page in a vault. */
export function useVaultCrumbs({ group, vault }: VaultPlace) {
  const names = useText(frame);
  return [
    { label: names.vaults, path: '/vaults' },
    { label: vault, path: path.vault(group, vault) },
  ];
}

export function VaultLayout(props: {
  of: VaultPlace;
  section: VaultSection;
  title?: string;
  commands?: ReactNode;
  children: ReactNode;
}) {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const { group, vault } = props.of;
  return (
    <ResourceLayout
      name={vault}
      kind={terms.vault}
      path={path.vault(group, vault)}
      crumbs={[{ label: names.vaults, path: '/vaults' }]}
      menu={[
        { sections: [{ path: '', label: t.overview, icon: ArchiveRegular }] },
        {
          label: t.settings,
          sections: [
            { path: 'properties', label: t.properties, icon: SettingsRegular },
            { path: 'locks', label: t.locks, icon: LockClosedRegular },
            { path: 'delete', label: t.remove, icon: DeleteRegular },
          ],
        },
        {
          label: t.protectedItems,
          sections: [{ path: 'items', label: names.items, icon: ShieldCheckmarkRegular }],
        },
        {
          label: t.manage,
          sections: [
            { path: 'policies', label: names.policies, icon: CalendarClockRegular },
            { path: 'infrastructure', label: t.infrastructure, icon: OptionsRegular },
          ],
        },
        {
          label: t.monitoring,
          sections: [
            { path: 'alerts', label: names.alerts, icon: AlertRegular },
            { path: 'jobs', label: names.jobs, icon: TaskListSquareLtrRegular },
            { path: 'activity', label: names.activity, icon: HistoryRegular },
          ],
        },
      ]}
      section={props.section}
      title={props.title}
      commands={props.commands}
    >
      {props.children}
    </ResourceLayout>
  );
}
