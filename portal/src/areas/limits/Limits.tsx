/** How many of a thing there may be on this server. */
import { ArrowClockwiseRegular, ArrowResetRegular, EditRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { LIMIT_ACTION, limitsQuery } from '../../api/limits';
import type { Limit } from '../../api/limits';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { RowMenu } from '../../parts/RowMenu';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useNumbers } from '../../text/numbers';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { ChangeLimit, ResetLimit } from './ChangeLimit';
import { text } from './text';

type Open = { limit: Limit; pane: 'change' | 'reset' };

export default function Limits() {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const { data, error, refetch } = useQuery(limitsQuery);
  const [open, setOpen] = useState<Open>();
  const columns = useColumns(setOpen);
  const close = () => setOpen(undefined);
  return (
    <Page
      title={names.limits}
      subtitle={t.why}
      commands={
        <Command
          label={terms.refresh}
          icon={ArrowClockwiseRegular}
          onClick={() => void refetch()}
        />
      }
    >
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && (
        <Table label={names.limits} columns={columns} rows={data} id={(limit) => limit.id} />
      )}
      {open?.pane === 'change' && <ChangeLimit limit={open.limit} onClose={close} />}
      {open?.pane === 'reset' && <ResetLimit limit={open.limit} onClose={close} />}
    </Page>
  );
}

function useColumns(open: (open: Open) => void): Column<Limit>[] {
  const t = useText(text);
  const terms = useTerms();
  const { count } = useNumbers();
  const name = (limit: Limit) => word(t.names, limit.name);
  const number = (n: number | null | undefined) =>
    n === null || n === undefined ? t.none : count(n);
  return [
    { key: 'name', label: t.limit, width: 3, by: name, cell: name },
    { key: 'most', label: t.most, isNumber: true, cell: (limit) => number(limit.properties.most) },
    {
      key: 'usual',
      label: t.usual,
      isNumber: true,
      cell: (limit) => number(limit.properties.default),
    },
    {
      key: 'more',
      label: terms.more,
      isLabelHidden: true,
      width: '48px',
      cell: (limit) => (
        <RowMenu
          of={name(limit)}
          actions={[
            {
              label: t.change,
              icon: EditRegular,
              onClick: () => open({ limit, pane: 'change' }),
              needs: { action: LIMIT_ACTION.write, on: limit.id },
            },
            {
              label: t.reset,
              icon: ArrowResetRegular,
              onClick: () => open({ limit, pane: 'reset' }),
              needs: { action: LIMIT_ACTION.delete, on: limit.id },
              refused: limit.properties.most === limit.properties.default ? t.isDefault : undefined,
            },
          ]}
        />
      ),
    },
  ];
}
