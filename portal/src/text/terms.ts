/** The field's words: states, statuses, tiers. One word for one thing on all pages. */
import type { Tone } from '../parts/Status';
import { texts, useText } from './text';

export const terms = texts({
  en: {
    jobStatus: {
      InProgress: 'In progress',
      Cancelling: 'Cancelling',
      Cancelled: 'Cancelled',
      Completed: 'Completed',
      CompletedWithWarnings: 'Completed with warnings',
      Failed: 'Failed',
      Skipped: 'Skipped',
      NotStarted: 'Not started',
    },
    operation: {
      ConfigureBackup: 'Configure backup',
      Backup: 'Backup',
      Restore: 'Restore',
      DisableBackup: 'Stop backup',
      DeleteBackupData: 'Delete backup data',
      Undelete: 'Undelete',
    },
    task: {
      'Take Snapshot': 'Take Snapshot',
      'Transfer data to vault': 'Transfer data to vault',
    },
    protection: {
      IRPending: 'Warning (Initial backup pending)',
      Protected: 'Protected',
      ProtectionError: 'Protection error',
      ProtectionStopped: 'Protection stopped',
      ProtectionPaused: 'Protection paused',
      BackupsSuspended: 'Backups suspended',
      SoftDeleted: 'Soft deleted',
      Unprotected: 'Not protected',
    },
    lastBackup: {
      IRPending: 'Warning (Initial backup pending)',
      Completed: 'Success',
      CompletedWithWarnings: 'Completed with warnings',
      Failed: 'Failed',
      InProgress: 'In progress',
      Cancelled: 'Cancelled',
    },
    consistency: {
      AppConsistent: 'Application consistent',
      FileSystemConsistent: 'File-system consistent',
      CrashConsistent: 'Crash consistent',
    },
    tier: {
      snapshot: 'Snapshot',
      vault: 'Vault',
      both: 'Snapshot and vault',
    },
    redundancy: {
      GeoRedundant: 'Geo-redundant',
      LocallyRedundant: 'Locally-redundant',
      ZoneRedundant: 'Zone-redundant',
    },
    softDelete: { Enabled: 'Enabled', Disabled: 'Disabled', AlwaysON: 'Always on' },
    name: 'Name',
    group: 'Resource group',
    location: 'Location',
    subscription: 'Subscription',
    vault: 'Recovery Services vault',
    policy: 'Backup policy',
    machine: 'Virtual machine',
    host: 'Host',
    status: 'Status',
    time: 'Time',
    start: 'Start time',
    end: 'End time',
    duration: 'Duration',
    refresh: 'Refresh',
    create: 'Create',
    cancel: 'Cancel',
    save: 'Save',
    ok: 'OK',
    delete: 'Delete',
    backupNow: 'Backup now',
    restore: 'Restore VM',
    all: 'All',
    more: 'More actions',
    none: 'None',
    yes: 'Yes',
    no: 'No',
  },
  'zh-Hant': {
    jobStatus: {
      InProgress: '進行中',
      Cancelling: '正在取消',
      Cancelled: '已取消',
      Completed: '已完成',
      CompletedWithWarnings: '已完成但有警告',
      Failed: '失敗',
      Skipped: '已略過',
      NotStarted: '未開始',
    },
    operation: {
      ConfigureBackup: '設定備份',
      Backup: '備份',
      Restore: '還原',
      DisableBackup: '停止備份',
      DeleteBackupData: '刪除備份資料',
      Undelete: '取消刪除',
    },
    task: {
      'Take Snapshot': '快照集',
      'Transfer data to vault': '將資料傳輸到保存庫',
    },
    protection: {
      IRPending: '警告(初始備份擱置)',
      Protected: '受保護',
      ProtectionError: '保護錯誤',
      ProtectionStopped: '已停止保護',
      ProtectionPaused: '已暫停保護',
      BackupsSuspended: '備份已暫停',
      SoftDeleted: '已虛刪除',
      Unprotected: '未受保護',
    },
    lastBackup: {
      IRPending: '警告(初始備份擱置)',
      Completed: '成功',
      CompletedWithWarnings: '已完成但有警告',
      Failed: '失敗',
      InProgress: '進行中',
      Cancelled: '已取消',
    },
    consistency: {
      AppConsistent: '應用程式一致',
      FileSystemConsistent: '檔案系統一致',
      CrashConsistent: '損毀一致',
    },
    tier: { snapshot: '快照集', vault: '保存庫', both: '快照集與保存庫' },
    redundancy: {
      GeoRedundant: '異地備援',
      LocallyRedundant: '本地備援',
      ZoneRedundant: '區域備援',
    },
    softDelete: { Enabled: '已啟用', Disabled: '已停用', AlwaysON: '一律開啟' },
    name: '名稱',
    group: '資源群組',
    location: '位置',
    subscription: '訂用帳戶',
    vault: '復原服務保存庫',
    policy: '備份原則',
    machine: '虛擬機器',
    host: '主機',
    status: '狀態',
    time: '時間',
    start: '開始時間',
    end: '結束時間',
    duration: '持續時間',
    refresh: '重新整理',
    create: '建立',
    cancel: '取消',
    save: '儲存',
    ok: '確定',
    delete: '刪除',
    backupNow: '立即備份',
    restore: '還原 VM',
    all: '全部',
    more: '更多動作',
    none: '無',
    yes: '是',
    no: '否',
  },
  'zh-Hans': {
    jobStatus: {
      InProgress: '正在进行',
      Cancelling: '正在取消',
      Cancelled: '已取消',
      Completed: '已完成',
      CompletedWithWarnings: '已完成但有警告',
      Failed: '失败',
      Skipped: '已跳过',
      NotStarted: '未开始',
    },
    operation: {
      ConfigureBackup: '配置备份',
      Backup: '备份',
      Restore: '还原',
      DisableBackup: '停止备份',
      DeleteBackupData: '删除备份数据',
      Undelete: '撤消删除',
    },
    task: {
      'Take Snapshot': '快照',
      'Transfer data to vault': '将数据传输到保管库',
    },
    protection: {
      IRPending: '警告(初始备份挂起)',
      Protected: '受保护',
      ProtectionError: '保护错误',
      ProtectionStopped: '已停止保护',
      ProtectionPaused: '已暂停保护',
      BackupsSuspended: '备份已暂停',
      SoftDeleted: '已软删除',
      Unprotected: '未受保护',
    },
    lastBackup: {
      IRPending: '警告(初始备份挂起)',
      Completed: '成功',
      CompletedWithWarnings: '已完成但有警告',
      Failed: '失败',
      InProgress: '正在进行',
      Cancelled: '已取消',
    },
    consistency: {
      AppConsistent: '应用程序一致',
      FileSystemConsistent: '文件系统一致',
      CrashConsistent: '崩溃一致',
    },
    tier: { snapshot: '快照', vault: '保管库', both: '快照和保管库' },
    redundancy: {
      GeoRedundant: '异地冗余',
      LocallyRedundant: '本地冗余',
      ZoneRedundant: '区域冗余',
    },
    softDelete: { Enabled: '已启用', Disabled: '已禁用', AlwaysON: '始终启用' },
    name: '名称',
    group: '资源组',
    location: '位置',
    subscription: '订阅',
    vault: '恢复服务保管库',
    policy: '备份策略',
    machine: '虚拟机',
    host: '主机',
    status: '状态',
    time: '时间',
    start: '开始时间',
    end: '结束时间',
    duration: '持续时间',
    refresh: '刷新',
    create: '创建',
    cancel: '取消',
    save: '保存',
    ok: '确定',
    delete: '删除',
    backupNow: '立即备份',
    restore: '还原 VM',
    all: '全部',
    more: '更多操作',
    none: '无',
    yes: '是',
    no: '否',
  },
});

export const useTerms = () => useText(terms);

/** The word for one of a list of words, or the word itself where the list lacks it. */
export const word = (list: Record<string, string>, key: string | null | undefined) =>
  key ? (list[key] ?? key) : '–';

/** How a job's or a last backup's status looks. */
export function toneOf(status: string | undefined): Tone {
  switch (status) {
    case 'Completed':
    case 'Protected':
      return 'good';
    case 'CompletedWithWarnings':
    case 'IRPending':
    case 'BackupsSuspended':
      return 'warning';
    case 'Failed':
    case 'ProtectionError':
      return 'bad';
    case 'InProgress':
    case 'Cancelling':
      return 'running';
    case 'Cancelled':
    case 'Skipped':
    case 'ProtectionStopped':
    case 'ProtectionPaused':
    case 'SoftDeleted':
      return 'off';
    default:
      return 'unknown';
  }
}
