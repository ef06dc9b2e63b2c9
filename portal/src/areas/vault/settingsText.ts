/** Words of Properties, Backup Infrastructure and the panes that both lead to. */
import { counted } from '../../text/counted';
import { texts } from '../../text/text';

export const text = texts({
  en: {
    facts: 'Vault',
    subscriptionId: 'Subscription ID',
    resourceId: 'Resource ID',
    tags: 'Tags',
    backup: 'Backup',
    backupConfiguration: 'Backup Configuration',
    securitySettings: 'Security settings',
    update: 'Update',
    updateOf: (what: string) => `Update ${what}`,
    encryption: 'Encryption',
    encrypted:
      'All data is encrypted with keys of this server. Without them nobody can read it: keep an export of each vault’s key in another place.',
    infrastructureIntro: 'How this vault keeps its data, and where that lies.',
    stores: 'Where its data lies',

    replication: 'Storage replication type',
    replicationIntro:
      'How many copies of the backup data there are to be. Set it before the first machine is protected.',
    kinds: {
      GeoRedundant: {
        name: 'Geo-redundant (GRS)',
        what: 'Three copies in this location, and copies in the paired one. Keep it if this vault is the primary place of your backups.',
      },
      LocallyRedundant: {
        name: 'Locally-redundant (LRS)',
        what: 'Three copies in one place. Cheaper and less durable: for a vault that is not the primary place of your backups.',
      },
      ZoneRedundant: {
        name: 'Zone-redundant (ZRS)',
        what: 'Copies in several zones of this location, so that one of them may fail.',
      },
    },
    locked:
      'This vault has protected items, or had some: the storage replication type can’t be changed any more. For another type, create a new vault.',
    toCreate: 'Create a vault',
    copies: (n: number) => (n === 1 ? '1 copy exists now.' : `${n} copies exist now.`),
    noPair: 'No paired pool is set up.',
    pair: (pool: string) => `The paired pool is ${pool}.`,
    fewer:
      'That is less than the type asks for: so far the server keeps a vault in one pool. Have that on storage that survives a failed disk, and keep a copy of it elsewhere.',
    saving: (vault: string) => `Updating the Backup Configuration of ${vault}…`,
    saved: (vault: string, kind: string) => `${vault}: storage replication is now ${kind}`,
    notSaved: (vault: string) => `The Backup Configuration of ${vault} could not be updated`,

    softDelete: 'Soft delete',
    softDeleteIntro:
      'Deleted backup data is kept for some more days, free of charge in the last 14 of them, and can be undeleted as long.',
    days: (n: number) => counted(n, 'day'),
    retention: 'Days that deleted data is kept',
    daysRule: 'A whole number from 14 to 180.',
    states: {
      Enabled: 'Enabled',
      Disabled: 'Disabled',
      AlwaysON: 'Enabled and always on',
    },
    stateWhat: {
      Enabled: 'Deleted data can be undeleted until its days are over.',
      Disabled: 'Deleted data is gone at once, and nobody can bring it back.',
      AlwaysON: 'As enabled, and nobody can switch it off again, not even an owner.',
    },
    isAlwaysOn:
      'Soft delete is always on in this vault. That can’t be changed any more; the days can.',
    disableWarning:
      'Anyone who then deletes backups, by mistake or with ill intent, deletes them for good. Data that is soft-deleted already keeps its days. A critical alert is raised.',
    shorterWarning:
      'What is deleted from now on is kept for less time than before. What is soft-deleted already keeps its days.',
    alwaysWarning:
      'This can’t be undone: as long as the vault exists, deleted data in it is kept for its days, and until then the vault can’t be deleted.',
    alwaysConfirm: 'I understand that soft delete can never be switched off in this vault again',
    confirmFirst: 'Confirm first that it can’t be undone.',
    unchanged: 'No changes yet.',
    savingSecurity: (vault: string) => `Updating the Security settings of ${vault}…`,
    savedSecurity: (vault: string, state: string) => `${vault}: soft delete is now ${state}`,
    notSavedSecurity: (vault: string) => `The Security settings of ${vault} could not be updated`,
    showProperties: 'Properties',
  },
  'zh-Hant': {
    facts: '保存庫',
    subscriptionId: '訂用帳戶識別碼',
    resourceId: '資源識別碼',
    tags: '標籤',
    backup: '備份',
    backupConfiguration: '備份設定',
    securitySettings: '安全性設定',
    update: '更新',
    updateOf: (what: string) => `更新${what}`,
    encryption: '加密',
    encrypted:
      '所有資料都以此伺服器的金鑰加密。沒有金鑰就無法讀取資料：請將每個保存庫的金鑰匯出並存放在其他地方。',
    infrastructureIntro: '此保存庫如何保存資料，以及資料的所在位置。',
    stores: '資料的所在位置',

    replication: '儲存體複寫類型',
    replicationIntro: '備份資料應有幾份複本。請在保護第一部虛擬機器之前設定。',
    kinds: {
      GeoRedundant: {
        name: '異地備援儲存體 (GRS)',
        what: '在此位置保留三份複本，並在配對的位置另有複本。如果保存庫是您的主要備份機制，建議使用 GRS。',
      },
      LocallyRedundant: {
        name: '本地備援儲存體 (LRS)',
        what: '在同一處保留三份複本。較便宜但持久性較低，適合不是主要備份機制的保存庫。',
      },
      ZoneRedundant: {
        name: '區域備援儲存體 (ZRS)',
        what: '在此位置的多個區域保留複本，其中一個區域故障也不受影響。',
      },
    },
    locked:
      '此保存庫包含（或曾經包含）備份項目，無法再修改儲存體複寫類型。如果需要其他類型，請建立新的保存庫。',
    toCreate: '建立保存庫',
    copies: (n: number) => `目前實際有 ${n} 份複本。`,
    noPair: '尚未設定配對的集區。',
    pair: (pool: string) => `配對的集區是 ${pool}。`,
    fewer:
      '這比所選類型要求的少：伺服器目前只將保存庫存放在一個集區。請將該集區放在可承受磁碟故障的儲存體上，並在其他地方保留一份複本。',
    saving: (vault: string) => `正在更新 ${vault} 的備份設定…`,
    saved: (vault: string, kind: string) => `${vault}：儲存體複寫類型已改為${kind}`,
    notSaved: (vault: string) => `無法更新 ${vault} 的備份設定`,

    softDelete: '虛刪除',
    softDeleteIntro: '已刪除的備份資料會再保留一段天數，其中最後 14 天免費，在此期間可以取消刪除。',
    days: (n: number) => `${n} 天`,
    retention: '已刪除資料的保留天數',
    daysRule: '14 到 180 之間的整數。',
    states: { Enabled: '已啟用', Disabled: '已停用', AlwaysON: '已啟用且一律開啟' },
    stateWhat: {
      Enabled: '在保留天數結束之前，可以取消刪除。',
      Disabled: '刪除的資料會立即消失，無法復原。',
      AlwaysON: '與已啟用相同，且任何人都無法再將它關閉，擁有者也不例外。',
    },
    isAlwaysOn: '此保存庫的虛刪除一律開啟，無法再變更；天數仍可變更。',
    disableWarning:
      '之後無論是誤刪或惡意刪除，備份都會永久消失。已虛刪除的資料仍會保留到期滿。系統會發出重大警示。',
    shorterWarning: '此後刪除的資料保留時間會比以前短。已虛刪除的資料仍會保留原來的天數。',
    alwaysWarning:
      '此動作無法復原：只要保存庫存在，刪除的資料都會保留到期滿，在此之前也無法刪除保存庫。',
    alwaysConfirm: '我了解此保存庫的虛刪除將永遠無法再關閉',
    confirmFirst: '請先確認此動作無法復原。',
    unchanged: '尚未變更任何設定。',
    savingSecurity: (vault: string) => `正在更新 ${vault} 的安全性設定…`,
    savedSecurity: (vault: string, state: string) => `${vault}：虛刪除${state}`,
    notSavedSecurity: (vault: string) => `無法更新 ${vault} 的安全性設定`,
    showProperties: '屬性',
  },
  'zh-Hans': {
    facts: '保管库',
    subscriptionId: '订阅 ID',
    resourceId: '资源 ID',
    tags: '标记',
    backup: '备份',
    backupConfiguration: '备份配置',
    securitySettings: '安全设置',
    update: '更新',
    updateOf: (what: string) => `更新${what}`,
    encryption: '加密',
    encrypted:
      '所有数据都使用此服务器的密钥加密。没有密钥就无法读取数据：请导出每个保管库的密钥并存放在其他地方。',
    infrastructureIntro: '此保管库如何保存数据，以及数据所在的位置。',
    stores: '数据所在的位置',

    replication: '存储复制类型',
    replicationIntro: '备份数据应有几份副本。请在保护第一台虚拟机之前设置。',
    kinds: {
      GeoRedundant: {
        name: '异地冗余存储 (GRS)',
        what: '在此位置保留三份副本，并在配对位置另有副本。如果恢复服务保管库是主备份，请继续使用异地冗余。',
      },
      LocallyRedundant: {
        name: '本地冗余存储 (LRS)',
        what: '在同一处保留三份副本。更便宜、但持久性不高，适合不是主备份的保管库。',
      },
      ZoneRedundant: {
        name: '区域冗余存储 (ZRS)',
        what: '在此位置的多个区域保留副本，其中一个区域发生故障也不受影响。',
      },
    },
    locked:
      '此保管库包含（或曾经包含）备份项，无法再更改存储复制类型。如果需要其他类型，请创建新的保管库。',
    toCreate: '创建保管库',
    copies: (n: number) => `当前实际有 ${n} 份副本。`,
    noPair: '尚未设置配对池。',
    pair: (pool: string) => `配对池是 ${pool}。`,
    fewer:
      '这比所选类型要求的少：服务器目前只将保管库存放在一个池中。请将该池放在可承受磁盘故障的存储上，并在其他地方保留一份副本。',
    saving: (vault: string) => `正在更新 ${vault} 的备份配置…`,
    saved: (vault: string, kind: string) => `${vault}：存储复制类型已改为${kind}`,
    notSaved: (vault: string) => `无法更新 ${vault} 的备份配置`,

    softDelete: '软删除',
    softDeleteIntro: '已删除的备份数据会再保留一段天数，其中最后 14 天免费，在此期间可以撤消删除。',
    days: (n: number) => `${n} 天`,
    retention: '已删除数据的保留天数',
    daysRule: '14 到 180 之间的整数。',
    states: { Enabled: '已启用', Disabled: '已禁用', AlwaysON: '已启用且始终启用' },
    stateWhat: {
      Enabled: '在保留天数结束之前，可以撤消删除。',
      Disabled: '删除的数据会立即消失，无法恢复。',
      AlwaysON: '与已启用相同，且任何人都无法再将其关闭，所有者也不例外。',
    },
    isAlwaysOn: '此保管库的软删除始终启用，无法再更改；天数仍可更改。',
    disableWarning:
      '此后无论是误删还是恶意删除，备份都会永久消失。已软删除的数据仍会保留到期满。系统会引发严重警报。',
    shorterWarning: '此后删除的数据保留时间会比以前短。已软删除的数据仍会保留原来的天数。',
    alwaysWarning:
      '此操作无法撤消：只要保管库存在，删除的数据都会保留到期满，在此之前也无法删除保管库。',
    alwaysConfirm: '我了解此保管库的软删除将永远无法再关闭',
    confirmFirst: '请先确认此操作无法撤消。',
    unchanged: '尚未更改任何设置。',
    savingSecurity: (vault: string) => `正在更新 ${vault} 的安全设置…`,
    savedSecurity: (vault: string, state: string) => `${vault}：软删除${state}`,
    notSavedSecurity: (vault: string) => `无法更新 ${vault} 的安全设置`,
    showProperties: '属性',
  },
});
