/** Troubleshooting: all error codes, searched by their words. What is searched stands in the address. */
import { Button, SearchBox, makeStyles, tokens } from '@fluentui/react-components';
import { SearchRegular } from '@fluentui/react-icons';
import { useDeferredValue } from 'react';
import { useSearchParams } from 'wouter';
import { Empty } from '../../parts/Empty';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { useText } from '../../text/text';
import { isMeant, useCodes } from './codes';
import type { ErrorCode } from './codes';
import { text } from './text';

const useStyles = makeStyles({
  search: { width: '100%', maxWidth: '480px', margin: '4px 0 12px' },
  code: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
});

export function ErrorCodes() {
  const styles = useStyles();
  const t = useText(text);
  const [params, setParams] = useSearchParams();
  const typed = params.get('q') ?? '';
  const wanted = useDeferredValue(typed.trim());
  const codes = useCodes().filter((one) => isMeant(one, wanted));
  const type = (q: string) => setParams({ view: 'errors', ...(q && { q }) }, { replace: true });
  const columns: Column<ErrorCode>[] = [
    {
      key: 'code',
      label: t.code,
      width: 1.4,
      by: (one) => one.code,
      cell: (one) => <span className={styles.code}>{one.code}</span>,
    },
    { key: 'cause', label: t.cause, width: 2, cell: (one) => one.cause },
    { key: 'remedy', label: t.remedy, width: 2, cell: (one) => one.remedy },
  ];
  return (
    <>
      <div>{t.errorsWhy}</div>
      <SearchBox
        className={styles.search}
        placeholder={t.search}
        aria-label={t.search}
        value={typed}
        onChange={(_, { value }) => type(value)}
      />
      {codes.length === 0 ? (
        <Empty
          icon={SearchRegular}
          title={t.searchNone}
          body={t.searchNoneBody}
          action={<Button onClick={() => type('')}>{t.all}</Button>}
        />
      ) : (
        <Table label={t.tabs.errors} columns={columns} rows={codes} id={(one) => one.code} />
      )}
    </>
  );
}
