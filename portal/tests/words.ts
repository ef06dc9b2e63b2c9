/** What a person reads in each language, where the main flow passes. */
export interface Words {
  /** What the browser asks for. */
  browser: string;
  search: string;
  services: string;
  breadcrumb: string;
  allServices: string;
  filter: string;
  vaults: string;
  create: string;
  createTitle: string;
  name: string;
  group: string;
  createButton: string;
  created: (vault: string) => string;
  goToVault: string;
  backup: string;
  backupTitle: string;
  ok: string;
  select: (machine: string) => string;
  allValid: string;
  enable: string;
  enabled: string;
  after: string;
  pending: string;
  items: string;
  kind: string;
  backupNow: string;
  triggered: (machine: string) => string;
  viewJob: string;
  snapshot: string;
  transfer: string;
  completed: string;
  success: string;
  both: string;
  signIn: { user: string; password: string; button: string };
}

export const english: Words = {
  browser: 'en-GB',
  search: 'Search vaults, machines, policies and jobs',
  services: 'Services',
  breadcrumb: 'Breadcrumb',
  allServices: 'All services',
  filter: 'Filter services',
  vaults: 'Recovery Services vaults',
  create: 'Create',
  createTitle: 'Create Recovery Services vault',
  name: 'Name',
  group: 'Resource group',
  createButton: 'Create',
  created: (vault) => `The vault ${vault} was created`,
  goToVault: 'Go to the vault',
  backup: 'Backup',
  backupTitle: 'Backup',
  ok: 'OK',
  select: (machine) => `Select ${machine}`,
  allValid: 'All machines are validated.',
  enable: 'Enable backup',
  enabled: 'Deployment succeeded',
  after: 'Backup is enabled; there is no recovery point yet',
  pending: 'Warning (Initial backup pending)',
  items: 'Backup items',
  kind: 'Azure Virtual Machine',
  backupNow: 'Backup now',
  triggered: (machine) => `Backup triggered for ${machine}`,
  viewJob: 'View backup job',
  snapshot: 'Take Snapshot',
  transfer: 'Transfer data to vault',
  completed: 'Completed',
  success: 'Success',
  both: 'Snapshot and vault',
  signIn: { user: 'User name', password: 'Password', button: 'Sign in' },
};

export const traditional: Words = {
  browser: 'zh-TW',
  search: '搜尋保存庫、虛擬機器、原則與作業',
  services: '服務',
  breadcrumb: '階層連結',
  allServices: '所有服務',
  filter: '篩選服務',
  vaults: '復原服務保存庫',
  create: '新增',
  createTitle: '建立復原服務保存庫',
  name: '名稱',
  group: '資源群組',
  createButton: '建立',
  created: (vault) => `已建立保存庫 ${vault}`,
  goToVault: '前往保存庫',
  backup: '備份',
  backupTitle: '備份',
  ok: '確定',
  select: (machine) => `選取 ${machine}`,
  allValid: '所有虛擬機器都已通過驗證。',
  enable: '啟用備份',
  enabled: '部署成功',
  after: '已啟用備份；目前還沒有復原點',
  pending: '警告(初始備份擱置)',
  items: '備份項目',
  kind: 'Azure 虛擬機器',
  backupNow: '立即備份',
  triggered: (machine) => `已觸發 ${machine} 的備份作業`,
  viewJob: '檢視備份作業',
  snapshot: '快照集',
  transfer: '將資料傳輸到保存庫',
  completed: '已完成',
  success: '成功',
  both: '快照集與保存庫',
  signIn: { user: '使用者名稱', password: '密碼', button: '登入' },
};

export const simplified: Words = {
  browser: 'zh-CN',
  search: '搜索保管库、虚拟机、策略和作业',
  services: '服务',
  breadcrumb: '痕迹导航',
  allServices: '所有服务',
  filter: '筛选服务',
  vaults: '恢复服务保管库',
  create: '添加',
  createTitle: '创建恢复服务保管库',
  name: '名称',
  group: '资源组',
  createButton: '创建',
  created: (vault) => `已创建保管库 ${vault}`,
  goToVault: '转到保管库',
  backup: '备份',
  backupTitle: '备份',
  ok: '确定',
  select: (machine) => `选择 ${machine}`,
  allValid: '所有虚拟机均已通过验证。',
  enable: '启用备份',
  enabled: '部署成功',
  after: '已启用备份；目前还没有恢复点',
  pending: '警告(初始备份挂起)',
  items: '备份项',
  kind: 'Azure 虚拟机',
  backupNow: '立即备份',
  triggered: (machine) => `已触发 ${machine} 的备份作业`,
  viewJob: '查看备份作业',
  snapshot: '快照',
  transfer: '将数据传输到保管库',
  completed: '已完成',
  success: '成功',
  both: '快照和保管库',
  signIn: { user: '用户名', password: '密码', button: '登录' },
};
