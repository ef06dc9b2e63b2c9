/** How to restore, and how costs come about: short, with the ways to the pages. */
import { makeStyles } from '@fluentui/react-components';
import { CodeLine } from '../../parts/CodeLine';
import { PageLink } from '../../parts/PageLink';
import { useText } from '../../text/text';
import { text } from './text';

const useStyles = makeStyles({
  guide: { maxWidth: '720px' },
  list: { paddingLeft: '24px', '& li': { margin: '6px 0' } },
  links: { display: 'flex', flexWrap: 'wrap', gap: '8px 24px', margin: '16px 0' },
});

/** How an exported key brings a lost server's vault back. */
const ATTACH =
  'stillpoint vault attach STORE -v NAME --exported-key vault1.age --identity identity.txt';

export function Restore() {
  const styles = useStyles();
  const t = useText(text);
  return (
    <div className={styles.guide}>
      <p>{t.restoreWhy}</p>
      <ol className={styles.list}>
        {t.restoreSteps.split('\n').map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p>{t.restoreTiers}</p>
      <p>{t.restoreReplace}</p>
      <p>{t.restoreKeys}</p>
      <CodeLine>{ATTACH}</CodeLine>
      <div className={styles.links}>
        <PageLink to="/items">{t.toItems}</PageLink>
        <PageLink to="/storage">{t.toStorage}</PageLink>
      </div>
    </div>
  );
}

export function Pricing() {
  const styles = useStyles();
  const t = useText(text);
  return (
    <div className={styles.guide}>
      <p>{t.pricingWhy}</p>
      <ul className={styles.list}>
        {t.pricingRules.split('\n').map((rule) => (
          <li key={rule}>{rule}</li>
        ))}
      </ul>
      <div className={styles.links}>
        <PageLink to="/costs">{t.toCosts}</PageLink>
        <PageLink to="/costs?view=estimate">{t.toEstimator}</PageLink>
        <PageLink to="/costs?view=rates">{t.toRates}</PageLink>
      </div>
    </div>
  );
}
