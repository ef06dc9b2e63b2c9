import { texts } from '../../text/text';

/** The words of what is done to items. */
export const text = texts({
  en: {
    action: {
      backupNow: 'Backup now',
      restore: 'Restore VM',
      changePolicy: 'Change policy',
      stop: 'Stop backup',
      resume: 'Resume backup',
      undelete: 'Undelete',
      deleteData: 'Delete backup data',
    },
    obstacle: {
      softDeleted: 'Its backup data is soft-deleted. Undelete it first.',
      stopped: 'Its backup is stopped. Resume it first.',
      noPoints: 'It has no recovery point yet. Run a backup first.',
      notStopped: 'Its backup is not stopped.',
      notDeleted: 'Its backup data is not deleted.',
      stopFirst: 'Its backup runs. Choose Stop backup, where its data can be deleted too.',
    },
  },
  'zh-Hant': {
    action: {
      backupNow: '立即備份',
      restore: '還原 VM',
      changePolicy: '變更原則',
      stop: '停止備份',
      resume: '繼續備份',
      undelete: '取消刪除',
      deleteData: '刪除備份資料',
    },
    obstacle: {
      softDeleted: '其備份資料已虛刪除。請先取消刪除。',
      stopped: '其備份已停止。請先繼續備份。',
      noPoints: '尚無復原點。請先執行備份。',
      notStopped: '其備份並未停止。',
      notDeleted: '其備份資料並未刪除。',
      stopFirst: '其備份正在執行。請選擇 [停止備份]，也可在該處刪除資料。',
    },
  },
  'zh-Hans': {
    action: {
      backupNow: '立即备份',
      restore: '还原 VM',
      changePolicy: '更改策略',
      stop: '停止备份',
      resume: '恢复备份',
      undelete: '撤消删除',
      deleteData: '删除备份数据',
    },
    obstacle: {
      softDeleted: '其备份数据已软删除。请先撤消删除。',
      stopped: '其备份已停止。请先恢复备份。',
      noPoints: '尚无恢复点。请先运行备份。',
      notStopped: '其备份并未停止。',
      notDeleted: '其备份数据并未删除。',
      stopFirst: '其备份仍在进行。请选择“停止备份”，也可在那里删除数据。',
    },
  },
});
