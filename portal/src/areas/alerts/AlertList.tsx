/** Alerts of a scope, newest first, and the pane of one. */
import { Button, Dropdown, Field, Link, Option, makeStyles } from '@fluentui/react-components';
import { AlertRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { ALERTS, CHOICES, alertsPath, standing } from '../../api/alerts';
import type { Alert, AlertChoice } from '../../api/alerts';
import { usePaged } from '../../api/paged';
import { text as frame } from '../../frame/text';
import { Empty } from '../../parts/Empty';
import { PagedTable } from '../../parts/PagedTable';
import { Status } from '../../parts/Status';
import type { Tone } from '../../parts/Status';
import type { Column } from '../../parts/Table';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { AlertDetails } from './AlertDetails';
import { text } from './text';

const EVERY = 15_000;

const useStyles = makeStyles({ filter: { maxWidth: '240px', marginBottom: '12px' } });

const TONES: Record<string, Tone> = { Critical: 'bad', Warning: 'warning', Informational: 'info' };

export function AlertList(props: { scope: string | undefined; hasVault?: boolean }) {
  const { scope } = props;
  const styles = useStyles();
  const t = useText(text);
  const names = useText(frame);
  const [params, setParams] = useSearchParams();
  const choice = CHOICES.find((one) => one === params.get('show')) ?? 'active';
  const [openId, setOpenId] = useState<string>();
  const list = usePaged<Alert>([ALERTS], scope && alertsPath(scope, choice), EVERY);
  const columns = useColumns(props.hasVault ?? false, (alert) => setOpenId(alert.id));
  const open = list.rows.find((alert) => alert.id === openId);
  const choose = (to: AlertChoice) =>
    setParams(to === 'active' ? {} : { show: to }, { replace: true });
  return (
    <>
      <Field label={t.show} className={styles.filter}>
        <Dropdown
          value={t.choices[choice]}
          selectedOptions={[choice]}
          onOptionSelect={(_, { optionValue }) => choose(optionValue as AlertChoice)}
        >
          {CHOICES.map((one) => (
            <Option key={one} value={one}>
              {t.choices[one]}
            </Option>
          ))}
        </Dropdown>
      </Field>
      <PagedTable
        list={list}
        label={names.alerts}
        columns={columns}
        id={(alert) => alert.id}
        // What fires still may have been made inactive by somebody.
        isShown={(alert) => choice !== 'active' || standing(alert) !== 'inactive'}
        empty={
          choice === 'active' ? (
            <Empty
              icon={AlertRegular}
              title={t.none}
              body={t.noneBody}
              action={<Button onClick={() => choose('all')}>{t.showAll}</Button>}
            />
          ) : (
            <Empty
              icon={AlertRegular}
              title={t.noMatch}
              action={<Button onClick={() => choose('active')}>{t.choices.active}</Button>}
            />
          )
        }
      />
      {open && <AlertDetails alert={open} onClose={() => setOpenId(undefined)} />}
    </>
  );
}

function useColumns(hasVault: boolean, open: (alert: Alert) => void): Column<Alert>[] {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const of = (alert: Alert) => alert.properties.essentials;
  const columns: Column<Alert>[] = [
    {
      key: 'rule',
      label: t.alert,
      width: 2,
      by: (alert) => of(alert).alertRule,
      cell: (alert) => (
        <Link as="button" onClick={() => open(alert)}>
          {word(t.rules, of(alert).alertRule)}
        </Link>
      ),
    },
    {
      key: 'severity',
      label: t.severity,
      by: (alert) => of(alert).severity,
      cell: ({ properties: { context } }) => (
        <Status tone={TONES[context.level] ?? 'info'}>{word(t.levels, context.level)}</Status>
      ),
    },
    {
      key: 'item',
      label: t.item,
      by: (alert) => of(alert).targetResourceName,
      cell: (alert) => of(alert).targetResourceName || '–',
    },
    {
      key: 'vault',
      label: terms.vault,
      by: (alert) => alert.properties.context.vaultName,
      cell: (alert) => alert.properties.context.vaultName,
    },
    {
      key: 'raised',
      label: t.raised,
      width: 1.4,
      by: (alert) => of(alert).startDateTime,
      cell: (alert) => time.moment(of(alert).startDateTime),
    },
    {
      key: 'standing',
      label: terms.status,
      by: standing,
      cell: (alert) => t.standings[standing(alert)],
    },
  ];
  return hasVault ? columns : columns.filter(({ key }) => key !== 'vault');
}
