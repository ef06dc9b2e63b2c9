import {
  Button,
  CounterBadge,
  Menu,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Tooltip,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import {
  AlertRegular,
  NavigationRegular,
  PersonCircleRegular,
  SearchRegular,
} from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Session } from '../api/session';
import { signOut } from '../api/session';
import { useErrorText } from '../text/errors';
import { LANGUAGES, useText } from '../text/text';
import type { Language } from '../text/text';
import { useNotifications } from './notifications';
import { forget } from './queries';
import { SearchBox } from './SearchBox';
import type { Theme } from './settings';
import { useSettings } from './settings';
import { text } from './text';
import { ON_PHONE, usePhone } from './width';

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    alignItems: 'center',
    gap: '4px',
    height: '48px',
    flexShrink: 0,
    padding: '0 8px',
    backgroundColor: tokens.colorNeutralBackground4,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  name: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: '8px',
    padding: '0 12px 0 4px',
    fontSize: tokens.fontSizeBase400,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
  },
  mark: { width: '20px', height: '20px', color: tokens.colorBrandForeground1 },
  search: {
    flexGrow: 1,
    display: 'flex',
    justifyContent: 'center',
    minWidth: 0,
    [ON_PHONE]: { justifyContent: 'flex-end' },
  },
  bell: { position: 'relative' },
  count: { position: 'absolute', top: '2px', right: '2px', pointerEvents: 'none' },
});

/** The point at rest. */
function Mark() {
  return (
    <svg className={useStyles().mark} viewBox="0 0 20 20" aria-hidden fill="none">
      <circle cx="10" cy="10" r="8.2" stroke="currentColor" strokeWidth="1.6" />
      <circle cx="10" cy="10" r="3.4" fill="currentColor" />
    </svg>
  );
}

export function TopBar(props: { session: Session; onMenu: () => void; onBell: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const { unread } = useNotifications();
  const isPhone = usePhone();
  const [searches, setSearches] = useState(false);
  return (
    <header className={styles.bar}>
      <Tooltip content={t.menu} relationship="label">
        <Button appearance="subtle" icon={<NavigationRegular />} onClick={props.onMenu} />
      </Tooltip>
      {!(isPhone && searches) && (
        <Link href="/" className={styles.name}>
          <Mark />
          {t.product}
        </Link>
      )}
      <div className={styles.search} role="search">
        {isPhone && !searches ? (
          <Tooltip content={t.searchShort} relationship="label">
            <Button
              appearance="subtle"
              icon={<SearchRegular />}
              onClick={() => setSearches(true)}
            />
          </Tooltip>
        ) : (
          <SearchBox isFocused={searches} onDone={() => setSearches(false)} />
        )}
      </div>
      <span className={styles.bell}>
        <Tooltip content={t.notifications} relationship="description">
          <Button
            appearance="subtle"
            icon={<AlertRegular />}
            aria-label={unread ? t.notificationsUnread(unread) : t.notifications}
            onClick={props.onBell}
          />
        </Tooltip>
        {unread > 0 && <CounterBadge className={styles.count} count={unread} size="small" />}
      </span>
      <Account session={props.session} />
    </header>
  );
}

function Account({ session }: { session: Session }) {
  const t = useText(text);
  const { theme, setTheme, language, setLanguage } = useSettings();
  const queries = useQueryClient();
  const { user } = session;
  const { tell } = useNotifications();
  const errorText = useErrorText();
  const end = async () => {
    try {
      await signOut();
      forget(queries);
    } catch (error) {
      tell({ title: t.notSignedOut, body: errorText(error).message, intent: 'error' });
    }
  };
  return (
    <Menu
      checkedValues={{ theme: [theme], language: [language] }}
      onCheckedValueChange={(_, { name, checkedItems }) => {
        const chosen = checkedItems.at(-1);
        if (name === 'theme') setTheme(chosen as Theme);
        if (name === 'language') setLanguage(chosen as Language);
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button
          appearance="subtle"
          icon={<PersonCircleRegular />}
          aria-label={`${t.account}: ${user.name}`}
        />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>{user.name}</MenuGroupHeader>
            <MenuItem onClick={() => void end()}>{t.signOut}</MenuItem>
          </MenuGroup>
          <MenuDivider />
          <MenuGroup>
            <MenuGroupHeader>{t.theme}</MenuGroupHeader>
            {(['system', 'light', 'dark'] as const).map((one) => (
              <MenuItemRadio key={one} name="theme" value={one}>
                {t.themes[one]}
              </MenuItemRadio>
            ))}
          </MenuGroup>
          <MenuDivider />
          <MenuGroup>
            <MenuGroupHeader>{t.language}</MenuGroupHeader>
            {Object.entries(LANGUAGES).map(([tag, name]) => (
              <MenuItemRadio key={tag} name="language" value={tag} lang={tag}>
                {name}
              </MenuItemRadio>
            ))}
          </MenuGroup>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
