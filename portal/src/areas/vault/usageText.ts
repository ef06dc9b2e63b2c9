/** Words of what a vault takes in its stores. */
import { texts } from '../../text/text';

export const text = texts({
  en: {
    store: 'Place',
    stored: 'Stored',
    unique: 'Unique',
    shared: 'Shared',
    added: 'Added since',
    counted: 'Counted',
    vaultStore: 'Vault',
    snapshotsOf: (host: string) => `Snapshots on ${host}`,
    never: 'Not counted yet',
    none: 'Nothing is stored in this vault yet.',
    explained:
      'Stored is what is on disk, compressed, encrypted and each block once. Unique is used by one machine alone, shared by several. What was added since the last count is one or the other.',
    count: 'Count now',
    counting: (vault: string) => `Counting what ${vault} stores…`,
    countedNow: (vault: string) => `What ${vault} stores was counted`,
    notCounted: (vault: string) => `What ${vault} stores could not be counted`,
  },
  'zh-Hant': {
    store: '位置',
    stored: '已儲存',
    unique: '獨佔',
    shared: '共用',
    added: '之後新增',
    counted: '統計時間',
    vaultStore: '保存庫',
    snapshotsOf: (host: string) => `${host} 上的快照集`,
    never: '尚未統計',
    none: '此保存庫尚未儲存任何資料。',
    explained:
      '已儲存是磁碟上經過壓縮、加密且每個區塊只存一份的資料量。獨佔只由一部虛擬機器使用，共用則由多部虛擬機器使用；上次統計之後新增的資料屬於其中之一。',
    count: '立即統計',
    counting: (vault: string) => `正在統計 ${vault} 儲存的資料…`,
    countedNow: (vault: string) => `已統計 ${vault} 儲存的資料`,
    notCounted: (vault: string) => `無法統計 ${vault} 儲存的資料`,
  },
  'zh-Hans': {
    store: '位置',
    stored: '已存储',
    unique: '独占',
    shared: '共享',
    added: '此后新增',
    counted: '统计时间',
    vaultStore: '保管库',
    snapshotsOf: (host: string) => `${host} 上的快照`,
    never: '尚未统计',
    none: '此保管库尚未存储任何数据。',
    explained:
      '已存储是磁盘上经过压缩、加密且每个块只存一份的数据量。独占只由一台虚拟机使用，共享由多台虚拟机使用；上次统计之后新增的数据属于其中之一。',
    count: '立即统计',
    counting: (vault: string) => `正在统计 ${vault} 存储的数据…`,
    countedNow: (vault: string) => `已统计 ${vault} 存储的数据`,
    notCounted: (vault: string) => `无法统计 ${vault} 存储的数据`,
  },
});
