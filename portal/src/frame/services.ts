/** All services: what the menu, the search and "All services" lead to. */
import type { FluentIcon } from '@fluentui/react-icons';
import {
  AlertRegular,
  ArchiveRegular,
  BookQuestionMarkRegular,
  BoxMultipleRegular,
  CalendarClockRegular,
  CameraRegular,
  DesktopRegular,
  FolderRegular,
  HistoryRegular,
  MoneyRegular,
  NumberSymbolSquareRegular,
  PeopleRegular,
  ServerRegular,
  ShieldCheckmarkRegular,
  TaskListSquareLtrRegular,
} from '@fluentui/react-icons';
import type { text } from './text';

export type ServiceName = keyof (typeof text)['en']['hints'];

export interface Service {
  name: ServiceName;
  path: string;
  icon: FluentIcon;
  /** Stands in the menu, not only among all services. */
  isMain?: boolean;
  /** Words by which it is found in any language: the field's own names. */
  also?: string;
}

export const SERVICES: readonly Service[] = [
  {
    name: 'vaults',
    path: '/vaults',
    icon: ArchiveRegular,
    isMain: true,
    also: 'Recovery Services vaults',
  },
  {
    name: 'machines',
    path: '/machines',
    icon: DesktopRegular,
    isMain: true,
    also: 'Virtual machines VM',
  },
  {
    name: 'items',
    path: '/items',
    icon: ShieldCheckmarkRegular,
    isMain: true,
    also: 'Backup items',
  },
  {
    name: 'jobs',
    path: '/jobs',
    icon: TaskListSquareLtrRegular,
    isMain: true,
    also: 'Backup jobs',
  },
  {
    name: 'policies',
    path: '/policies',
    icon: CalendarClockRegular,
    isMain: true,
    also: 'Backup policies',
  },
  { name: 'alerts', path: '/alerts', icon: AlertRegular, isMain: true, also: 'Alerts' },
  { name: 'hosts', path: '/hosts', icon: ServerRegular, isMain: true, also: 'Hosts' },
  {
    name: 'storage',
    path: '/storage',
    icon: FolderRegular,
    also: 'Pools folders storage accounts',
  },
  {
    name: 'snapshots',
    path: '/snapshots',
    icon: CameraRegular,
    also: 'AzureBackupRG snapshots collections',
  },
  { name: 'groups', path: '/groups', icon: BoxMultipleRegular, also: 'Resource groups' },
  { name: 'activity', path: '/activity', icon: HistoryRegular, isMain: true, also: 'Activity log' },
  { name: 'costs', path: '/costs', icon: MoneyRegular, isMain: true, also: 'Cost pricing' },
  { name: 'limits', path: '/limits', icon: NumberSymbolSquareRegular, also: 'Limits quota' },
  {
    name: 'access',
    path: '/access',
    icon: PeopleRegular,
    isMain: true,
    also: 'Users roles access control IAM',
  },
  {
    name: 'feedback',
    path: '/help',
    icon: BookQuestionMarkRegular,
    isMain: true,
    also: 'Help feedback',
  },
];
