import { counted } from '../text/counted';
import { texts } from '../text/text';

export const text = texts({
  en: {
    sort: (label: string) => `Sort by ${label}`,
    more: 'More is loading…',
    of: (shown: number) => counted(shown, 'row'),
    loadMore: 'Load more',
  },
  'zh-Hant': {
    sort: (label: string) => `依${label}排序`,
    more: '正在載入更多…',
    of: (shown: number) => `${shown} 列`,
    loadMore: '載入更多',
  },
  'zh-Hans': {
    sort: (label: string) => `按${label}排序`,
    more: '正在加载更多…',
    of: (shown: number) => `${shown} 行`,
    loadMore: '加载更多',
  },
});
