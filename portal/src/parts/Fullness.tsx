/** How full a place is: a bar with words. */
import { ProgressBar, makeStyles, tokens } from '@fluentui/react-components';
import { useNumbers } from '../text/numbers';
import { texts, useText } from '../text/text';

const text = texts({
  en: {
    of: (free: string, total: string) => `${free} free of ${total}`,
    unknown: 'Can’t be reached',
    label: 'Used',
  },
  'zh-Hant': {
    of: (free: string, total: string) => `可用 ${free}，共 ${total}`,
    unknown: '無法存取',
    label: '已使用',
  },
  'zh-Hans': {
    of: (free: string, total: string) => `可用 ${free}，共 ${total}`,
    unknown: '无法访问',
    label: '已使用',
  },
});

const useStyles = makeStyles({
  all: { display: 'grid', gap: '4px', width: '100%', maxWidth: '240px' },
  words: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
});

/** From this share on a place is nearly full; and from this it is grave. As the server has it. */
const NEARLY = 0.85;
const FULL = 0.95;

export function Fullness(props: { free?: number | null; total?: number | null }) {
  const { free, total } = props;
  const styles = useStyles();
  const t = useText(text);
  const { bytes, percent } = useNumbers();
  if (free === null || free === undefined || !total) return <>{t.unknown}</>;
  const used = 1 - free / total;
  const color = used >= FULL ? 'error' : used >= NEARLY ? 'warning' : 'brand';
  return (
    <div className={styles.all}>
      <ProgressBar value={used} color={color} thickness="large" aria-label={t.label} />
      <span className={styles.words}>
        {percent(used)} · {t.of(bytes(free), bytes(total))}
      </span>
    </div>
  );
}
