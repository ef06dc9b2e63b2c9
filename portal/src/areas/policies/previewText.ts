/** Texts of the points that a policy will keep. */
import { counted } from '../../text/counted';
import { texts } from '../../text/text';

export const previewText = texts({
  en: {
    said: (runs: string, points: string, snapshots: string) =>
      `A machine protected from now on has, after a year and ${counted(runs, 'backup')}, ${counted(points, 'recovery point')} in the vault and ${counted(snapshots, 'snapshot')} for instant restore.`,
    rules: { Daily: 'Daily', Weekly: 'Weekly', Monthly: 'Monthly', Yearly: 'Yearly' },
    snapshots: 'Snapshots',
    truncated: (shown: string) => `Only the newest ${shown} are drawn.`,
    mend: 'Correct the marked fields to see the points.',
  },
  'zh-Hant': {
    said: (runs: string, points: string, snapshots: string) =>
      `從現在起受保護的虛擬機器，一年後經過 ${runs} 次備份，保存庫中有 ${points} 個復原點，並有 ${snapshots} 個用於立即還原的快照集。`,
    rules: { Daily: '每日', Weekly: '每週', Monthly: '每月', Yearly: '每年' },
    snapshots: '快照集',
    truncated: (shown: string) => `僅繪製最新的 ${shown} 個。`,
    mend: '請修正標示的欄位以查看復原點。',
  },
  'zh-Hans': {
    said: (runs: string, points: string, snapshots: string) =>
      `从现在起受保护的虚拟机，一年后经过 ${runs} 次备份，保管库中有 ${points} 个恢复点，并有 ${snapshots} 个用于即时还原的快照。`,
    rules: { Daily: '每日', Weekly: '每周', Monthly: '每月', Yearly: '每年' },
    snapshots: '快照',
    truncated: (shown: string) => `仅绘制最新的 ${shown} 个。`,
    mend: '请更正标记的字段以查看恢复点。',
  },
});
