/** What somebody should look at, the most urgent first, each with the way to the page that mends it. */
import {
  Card,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  Subtitle2,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import type { Attention, AttentionKind, Overview } from '../../api/overview';
import { ON_PHONE } from '../../frame/width';
import { PageLink } from '../../parts/PageLink';
import { Status } from '../../parts/Status';
import type { Tone } from '../../parts/Status';
import { useCodeText } from '../../text/errors';
import { useNumbers } from '../../text/numbers';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { KINDS, PAGE_OF, countOf, mendOf } from './kinds';
import { text } from './text';

/** How many of a kind are shown. */
const SHOWN = 3;

const TONES: Record<Attention['severity'], Tone> = {
  Critical: 'bad',
  Warning: 'warning',
  Informational: 'info',
};

const RANK: Record<Attention['severity'], number> = { Critical: 0, Warning: 1, Informational: 2 };
const graveness = (ones: Attention[]) => ones[0]?.severity ?? 'Warning';

const useStyles = makeStyles({
  section: { marginBottom: '24px' },
  title: { margin: '0 0 8px' },
  list: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(380px, 100%), 1fr))',
    gap: '12px',
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  card: { height: '100%', rowGap: '6px', padding: '12px 16px' },
  head: { display: 'flex', justifyContent: 'space-between', gap: '12px' },
  kind: { fontWeight: tokens.fontWeightSemibold },
  count: {
    fontWeight: tokens.fontWeightSemibold,
    fontSize: tokens.fontSizeBase500,
    lineHeight: tokens.lineHeightBase300,
  },
  ones: { display: 'grid', gap: '4px', margin: 0, padding: 0, listStyleType: 'none' },
  name: { display: 'flex', flexWrap: 'wrap', alignItems: 'baseline', columnGap: '8px' },
  one: { overflowWrap: 'anywhere', [ON_PHONE]: { padding: '4px 0' } },
  note: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  foot: { marginTop: 'auto', display: 'flex', justifyContent: 'space-between', gap: '12px' },
});

export function AttentionList({ overview }: { overview: Overview }) {
  const styles = useStyles();
  const t = useText(text);
  const kinds = KINDS.map((kind) => ({
    kind,
    count: countOf(kind, overview),
    ones: overview.attention.filter((one) => one.kind === kind),
  })).filter(({ count }) => count > 0);
  // What is critical goes first; among what is as grave the order of the kinds stays.
  kinds.sort((a, b) => RANK[graveness(a.ones)] - RANK[graveness(b.ones)]);
  return (
    <section className={styles.section} aria-labelledby="attention">
      <Subtitle2 as="h2" block id="attention" className={styles.title}>
        {t.attention}
      </Subtitle2>
      {kinds.length === 0 && (
        <MessageBar intent="success">
          <MessageBarBody>
            <MessageBarTitle>{t.allWell}</MessageBarTitle>
            {t.allWellNote}
          </MessageBarBody>
        </MessageBar>
      )}
      <ul className={styles.list}>
        {kinds.map((one) => (
          <li key={one.kind}>
            <Kind {...one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Kind(props: { kind: AttentionKind; count: number; ones: Attention[] }) {
  const { kind, count, ones } = props;
  const styles = useStyles();
  const t = useText(text);
  const numbers = useNumbers();
  const more = count - Math.min(ones.length, SHOWN);
  return (
    <Card className={styles.card} appearance="outline">
      <div className={styles.head}>
        <Status tone={TONES[graveness(ones)]}>
          <span className={styles.kind}>{t.kinds[kind]}</span>
        </Status>
        <span className={styles.count}>{numbers.count(count)}</span>
      </div>
      <ul className={styles.ones}>
        {ones.slice(0, SHOWN).map((one) => (
          <li key={one.resourceId} className={styles.one}>
            <One one={one} />
          </li>
        ))}
      </ul>
      <div className={styles.foot}>
        <PageLink to={PAGE_OF[kind]}>{t.mends[kind]}</PageLink>
        {more > 0 && <span className={styles.note}>{t.andMore(numbers.count(more))}</span>}
      </div>
    </Card>
  );
}

function One({ one }: { one: Attention }) {
  const styles = useStyles();
  const t = useText(text);
  const time = useTime();
  const codeText = useCodeText();
  const why = one.code ? codeText(one.code, one.detail).message : undefined;
  return (
    <>
      <span className={styles.name}>
        <PageLink to={mendOf(one)}>{one.name}</PageLink>
        <span className={styles.note}>
          {one.vaultName && t.inVault(one.vaultName)}
          {one.since && (
            <>
              {one.vaultName && ' · '}
              <time dateTime={one.since} title={time.moment(one.since)}>
                {time.ago(one.since)}
              </time>
            </>
          )}
        </span>
      </span>
      {why && <div className={styles.note}>{why}</div>}
    </>
  );
}
