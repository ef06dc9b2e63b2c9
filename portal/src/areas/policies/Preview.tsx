/**
 * The points that a policy will have kept after a year: a line of marks for each range, and for
 * snapshots. What can't be seen in it is said.
 */
import { Text, makeStyles, tokens } from '@fluentui/react-components';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { previewQuery } from '../../api/policies';
import type { PolicyBody, PolicyPreview, PreviewRule } from '../../api/policies';
import { Failure } from '../../parts/Failure';
import { useStill } from '../../parts/useStill';
import { useNumbers } from '../../text/numbers';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { previewText } from './previewText';

const useStyles = makeStyles({
  // As high as all its lines, so that nothing jumps when they come.
  all: { display: 'grid', gap: '8px', minHeight: '148px', alignContent: 'start' },
  lines: {
    display: 'grid',
    gridTemplateColumns: 'max-content max-content minmax(0, 1fr)',
    gap: '4px 12px',
    alignItems: 'center',
  },
  count: { textAlign: 'right', fontVariantNumeric: 'tabular-nums' },
  chart: {
    display: 'block',
    width: '100%',
    height: '20px',
    backgroundColor: tokens.colorNeutralBackground3,
    borderRadius: tokens.borderRadiusSmall,
  },
  vault: { stroke: tokens.colorBrandForeground1 },
  snapshot: { stroke: tokens.colorPalettePurpleBorderActive },
  ends: {
    gridColumn: 3,
    display: 'flex',
    justifyContent: 'space-between',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
  },
  hint: { color: tokens.colorNeutralForeground3 },
});

const RULES: readonly PreviewRule[] = ['Daily', 'Weekly', 'Monthly', 'Yearly'];

/** `body` is undefined as long as something in it is wrong. */
export function Preview({ body }: { body?: PolicyBody }) {
  const styles = useStyles();
  const t = useText(previewText);
  const json = useStill(body && JSON.stringify(body));
  const { data, error, refetch } = useQuery({
    ...previewQuery(json ? (JSON.parse(json) as PolicyBody) : ({} as PolicyBody)),
    enabled: json !== undefined,
    placeholderData: keepPreviousData,
  });
  return (
    <div className={styles.all}>
      {body === undefined && <Text className={styles.hint}>{t.mend}</Text>}
      {body !== undefined && error && <Failure error={error} retry={() => void refetch()} />}
      {body !== undefined && data && <Chart of={data} />}
    </div>
  );
}

function Chart({ of }: { of: PolicyPreview }) {
  const styles = useStyles();
  const t = useText(previewText);
  const time = useTime();
  const { count } = useNumbers();
  const lines = RULES.filter((rule) => of.byRule[rule] > 0).map((rule) => ({
    key: rule,
    label: t.rules[rule],
    number: of.byRule[rule],
    times: of.timeline.filter((p) => p.rules.includes(rule)).map((p) => p.time),
    className: styles.vault,
  }));
  lines.push({
    key: 'Daily',
    label: t.snapshots,
    number: of.snapshots,
    times: of.timeline.filter((p) => p.snapshotUntil).map((p) => p.time),
    className: styles.snapshot,
  });
  return (
    <>
      <Text>{t.said(count(of.runs), count(of.pointsInVault), count(of.snapshots))}</Text>
      <div className={styles.lines}>
        {lines.map(({ label, number, times, className }) => (
          <Line
            key={label}
            of={of}
            label={label}
            number={count(number)}
            times={times}
            className={className}
          />
        ))}
        <div className={styles.ends} aria-hidden>
          <span>{time.day(of.from)}</span>
          <span>{time.day(of.to)}</span>
        </div>
      </div>
      {of.truncated && (
        <Text className={styles.hint}>{t.truncated(count(of.timeline.length))}</Text>
      )}
    </>
  );
}

function Line(props: {
  of: PolicyPreview;
  label: string;
  number: string;
  times: string[];
  className: string;
}) {
  const styles = useStyles();
  const from = new Date(props.of.from).valueOf();
  const long = new Date(props.of.to).valueOf() - from;
  const marks = props.times
    .map((at) => `M${(((new Date(at).valueOf() - from) / long) * 1000).toFixed(1)} 3V17`)
    .join('');
  return (
    <>
      <span>{props.label}</span>
      <span className={styles.count}>{props.number}</span>
      <svg className={styles.chart} viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden>
        <path d={marks} className={props.className} vectorEffect="non-scaling-stroke" />
      </svg>
    </>
  );
}
