/** All services, with a filter (PORTAL-1, 4). */
import { SearchBox, makeStyles, tokens } from '@fluentui/react-components';
import { SearchRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import type { KeyboardEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { SERVICES } from '../../frame/services';
import type { Service } from '../../frame/services';
import { text as frame } from '../../frame/text';
import { Empty } from '../../parts/Empty';
import { Page } from '../../parts/Page';
import { useText } from '../../text/text';
import { isMeant } from '../../frame/meant';

const useStyles = makeStyles({
  filter: { width: '100%', maxWidth: '400px', marginBottom: '16px' },
  list: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(320px, 100%), 1fr))',
    gap: '8px',
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  card: {
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    gap: '12px',
    height: '100%',
    boxSizing: 'border-box',
    padding: '12px',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    '& svg': { fontSize: '24px', flexShrink: 0, color: tokens.colorBrandForeground1 },
  },
  link: {
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
    // All of the card is the link.
    '::after': { content: '""', position: 'absolute', inset: 0 },
  },
  hint: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

export default function Services() {
  const styles = useStyles();
  const t = useText(frame);
  const [, go] = useLocation();
  const [typed, setTyped] = useState('');
  const found = SERVICES.filter((service) => isMeant(service, typed));
  // Enter goes to what is left, as people expect of a filter.
  const key = (event: KeyboardEvent) => {
    const [only, other] = found;
    if (event.key === 'Enter' && typed && only && !other) go(only.path);
  };
  return (
    <Page title={t.allServices}>
      <SearchBox
        className={styles.filter}
        placeholder={t.filter}
        aria-label={t.filter}
        value={typed}
        onChange={(_, { value }) => setTyped(value)}
        onKeyDown={key}
      />
      {found.length === 0 && <Empty icon={SearchRegular} title={t.noService} />}
      <ul className={styles.list} aria-label={t.services}>
        {found.map((service) => (
          <li key={service.name}>
            <Entry service={service} />
          </li>
        ))}
      </ul>
    </Page>
  );
}

function Entry({ service }: { service: Service }) {
  const styles = useStyles();
  const t = useText(frame);
  const Icon = service.icon;
  const hint = `service-${service.name}`;
  return (
    <div className={styles.card}>
      <Icon aria-hidden />
      <div>
        <Link href={service.path} className={styles.link} aria-describedby={hint}>
          {t[service.name]}
        </Link>
        <div className={styles.hint} id={hint}>
          {t.hints[service.name]}
        </div>
      </div>
    </div>
  );
}
