/** Search over vaults, machines, policies, jobs and services (`Ctrl K`). */
import {
  Combobox,
  Option,
  OptionGroup,
  Spinner,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { SearchRegular } from '@fluentui/react-icons';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { searchQuery } from '../api/search';
import type { Found } from '../api/search';
import { useStill } from '../parts/useStill';
import { useText } from '../text/text';
import { isMeant } from './meant';
import { pathOf } from './paths';
import { SERVICES } from './services';
import { text } from './text';
import { ON_PHONE } from './width';

const useStyles = makeStyles({
  box: { width: '100%', maxWidth: '560px', minWidth: '0' },
  list: { maxHeight: '70vh' },
  detail: {
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    marginLeft: '8px',
  },
  none: { padding: '8px 12px', color: tokens.colorNeutralForeground3 },
  hint: {
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    // Drawn, not said: the icon around it has another name.
    '::after': { content: '"Ctrl K"' },
    [ON_PHONE]: { display: 'none' },
  },
});

/** In what order kinds are shown. */
const KINDS: readonly Found['kind'][] = ['Vault', 'Machine', 'Policy', 'Job', 'Host'];

export function SearchBox({ isFocused, onDone }: { isFocused: boolean; onDone: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const [, go] = useLocation();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState('');
  const [isOpen, setIsOpen] = useState(false);
  const asked = useStill(typed.trim());
  const found = useQuery({
    ...searchQuery(asked),
    enabled: asked.length > 0,
    placeholderData: keepPreviousData,
  });

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, []);
  useEffect(() => {
    if (isFocused) input.current?.focus();
  }, [isFocused]);

  const services = asked ? SERVICES.filter((service) => isMeant(service, asked)) : [];
  const results = asked ? (found.data ?? []) : [];
  const isNothing = asked && !found.isFetching && !services.length && !results.length;

  const chosen = (path: string | undefined) => {
    if (!path) return;
    setTyped('');
    setIsOpen(false);
    input.current?.blur();
    onDone();
    go(path);
  };

  return (
    <Combobox
      ref={input}
      className={styles.box}
      freeform
      appearance="outline"
      aria-label={t.search}
      placeholder={t.search}
      expandIcon={
        found.isFetching ? (
          <Spinner size="extra-tiny" />
        ) : (
          <span className={styles.hint} aria-hidden />
        )
      }
      listbox={{ className: styles.list }}
      value={typed}
      selectedOptions={[]}
      open={isOpen && typed.trim() !== ''}
      onOpenChange={(_, { open }) => setIsOpen(open)}
      onInput={(event) => {
        setTyped((event.target as HTMLInputElement).value);
        setIsOpen(true);
      }}
      onOptionSelect={(_, { optionValue }) => chosen(optionValue)}
      onBlur={() => !typed && onDone()}
      clearable={false}
      input={{ autoComplete: 'off' }}
      positioning="below-start"
    >
      {services.length > 0 && (
        <OptionGroup label={t.services}>
          {services.map(({ name, path, icon: Icon }) => (
            <Option key={name} value={path} text={t[name]}>
              <Icon aria-hidden />
              {t[name]}
            </Option>
          ))}
        </OptionGroup>
      )}
      {KINDS.map((kind) => {
        const of = results.filter((one) => one.kind === kind);
        if (!of.length) return null;
        return (
          <OptionGroup key={kind} label={t.kinds[kind]}>
            {of.map((one) => (
              <Option key={one.id} value={pathOf(one.id) ?? '/'} text={one.name}>
                {one.name}
                <span className={styles.detail}>{one.detail}</span>
              </Option>
            ))}
          </OptionGroup>
        );
      })}
      {isNothing && (
        <div className={styles.none} role="status">
          <SearchRegular aria-hidden /> {t.searchNone}
        </div>
      )}
    </Combobox>
  );
}
