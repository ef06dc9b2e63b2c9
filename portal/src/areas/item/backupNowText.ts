import { texts } from '../../text/text';

export const text = texts({
  en: {
    what: 'Takes a recovery point now, whatever the schedule says. It is kept until the end of the day that you choose, independent of the policy’s retention.',
    lastDay: 'Retain backup till',
    noDay: 'Choose the last day on which the recovery point is kept.',
    until: (moment: string, zone: string) =>
      `The recovery point expires ${moment} – the end of that day in ${zone}, the policy’s time zone.`,
    first:
      'This is the initial backup: all data of the machine is copied. Depending on its size that can take long. Later backups transfer only what has changed.',
    begun: (name: string) => `Triggering backup for ${name}`,
    triggered: (name: string) => `Backup triggered for ${name}`,
    follow: 'Watch its progress on the Backup jobs page.',
    failed: (name: string) => `Backup of ${name} could not be triggered`,
    jobs: 'View backup job',
  },
  'zh-Hant': {
    what: '立即建立復原點，不受排程影響。復原點會保留到您所選日期結束為止，與原則的保留設定無關。',
    lastDay: '備份保留至',
    noDay: '請選擇復原點應保留的最後一天。',
    until: (moment: string, zone: string) =>
      `復原點於 ${moment} 到期，也就是該日在原則時區 ${zone} 的結束時間。`,
    first:
      '這是初始備份：將複製虛擬機器的所有資料。根據您的 VM 大小，可能需要花一點時間。之後的備份只會傳輸變更的部分。',
    begun: (name: string) => `正在觸發 ${name} 的備份`,
    triggered: (name: string) => `已觸發 ${name} 的備份作業`,
    follow: '您可以在 [備份作業] 頁面上監視作業進度。',
    failed: (name: string) => `無法觸發 ${name} 的備份`,
    jobs: '檢視備份作業',
  },
  'zh-Hans': {
    what: '立即创建恢复点，不受计划影响。恢复点会保留到所选日期结束为止，与策略的保留设置无关。',
    lastDay: '备份保留至',
    noDay: '请选择保留此恢复点的最后一天。',
    until: (moment: string, zone: string) =>
      `恢复点于 ${moment} 过期，即该日在策略时区 ${zone} 的结束时间。`,
    first:
      '这是初始备份：将复制虚拟机的所有数据。所需时间取决于 VM 的大小。以后的备份只传输更改的部分。',
    begun: (name: string) => `正在触发 ${name} 的备份`,
    triggered: (name: string) => `已触发 ${name} 的备份作业`,
    follow: '可以在“备份作业”页面上监视作业的进度。',
    failed: (name: string) => `无法触发 ${name} 的备份`,
    jobs: '查看备份作业',
  },
});
