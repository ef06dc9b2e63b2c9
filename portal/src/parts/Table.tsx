/**
 * A list of things as a table, on a phone as cards. Only the rows in sight are in the document,
 * so a list of any length scrolls alike; `more` asks for the next page of rows.
 */
import { Button, Spinner, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { ArrowDownRegular, ArrowUpRegular } from '@fluentui/react-icons';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { ON_PHONE, usePhone } from '../frame/width';
import { useText } from '../text/text';
import { text } from './tableText';
export interface Column<T> {
  key: string;
  label: string;
  cell: (row: T) => ReactNode;
  /** By what it is sorted; a column without can't be. */
  by?: (row: T) => string | number;
  /** A share of the width, 1 if left out; or a fixed width such as `48px`. */
  width?: number | string;
  /** For a column whose label is for readers of screens only. */
  isLabelHidden?: boolean;
  /** Numbers stand at the right. */
  isNumber?: boolean;
}

const useStyles = makeStyles({
  table: {
    width: '100%',
    tableLayout: 'fixed',
    borderCollapse: 'collapse',
    [ON_PHONE]: { display: 'block' },
  },
  head: {
    [ON_PHONE]: {
      position: 'absolute',
      width: '1px',
      height: '1px',
      overflow: 'hidden',
      clipPath: 'inset(50%)',
    },
  },
  th: {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    textAlign: 'left',
    padding: 0,
    height: '36px',
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
    fontWeight: tokens.fontWeightSemibold,
  },
  label: { padding: '0 8px' },
  sort: {
    minWidth: 0,
    padding: '0 8px',
    height: '36px',
    fontWeight: tokens.fontWeightSemibold,
    maxWidth: '100%',
    justifyContent: 'flex-start',
    textAlign: 'left',
    lineHeight: tokens.lineHeightBase200,
  },
  body: { [ON_PHONE]: { display: 'block' } },
  row: {
    ':hover': { backgroundColor: tokens.colorNeutralBackground2 },
    [ON_PHONE]: {
      display: 'block',
      padding: '8px 4px',
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    },
  },
  chosen: { backgroundColor: tokens.colorBrandBackground2 },
  td: {
    height: '40px',
    padding: '4px 8px',
    overflowWrap: 'anywhere',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    [ON_PHONE]: {
      display: 'flex',
      gap: '12px',
      height: 'auto',
      minHeight: '28px',
      alignItems: 'center',
      borderBottomStyle: 'none',
      '::before': {
        content: 'attr(data-label)',
        flex: '0 0 38%',
        color: tokens.colorNeutralForeground3,
      },
    },
  },
  number: { textAlign: 'right', [ON_PHONE]: { textAlign: 'left' } },
  spacer: { [ON_PHONE]: { display: 'block' } },
  hidden: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
  foot: { display: 'flex', justifyContent: 'center', padding: '12px' },
});

/** How high a row is before it was measured, in pixels. */
const ROW = { desk: 41, phone: 180 };
/** Rows beyond the sight, at each end. */
const BEYOND = 12;

export function Table<T>(props: {
  /** What the rows are, for readers of screens. */
  label: string;
  columns: Column<T>[];
  rows: readonly T[];
  id: (row: T) => string;
  /** Asks for more rows; undefined once all are there. */
  more?: () => void;
  isLoading?: boolean;
  isChosen?: (row: T) => boolean;
}) {
  const { columns, rows, id, more, isLoading } = props;
  const styles = useStyles();
  const t = useText(text);
  const isPhone = usePhone();
  const table = useRef<HTMLTableElement>(null);
  const [margin, setMargin] = useState(0);
  const [sort, setSort] = useState<{ key: string; down: boolean }>();
  // What is sorted must be all there: the first of some rows need not be the first of all.
  const isPart = more !== undefined;

  const sorted = useMemo(() => {
    const by = columns.find((c) => c.key === sort?.key)?.by;
    if (!by || isPart) return rows;
    const up = [...rows].sort((a, b) => compare(by(a), by(b)));
    return sort?.down ? up.reverse() : up;
  }, [rows, columns, sort, isPart]);

  useLayoutEffect(() => {
    const scroller = document.getElementById('content');
    if (!table.current || !scroller) return;
    const from = table.current.getBoundingClientRect().top + scroller.scrollTop;
    setMargin(from - scroller.getBoundingClientRect().top);
  }, [rows.length, isPhone]);

  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => document.getElementById('content'),
    estimateSize: () => (isPhone ? ROW.phone : ROW.desk),
    overscan: BEYOND,
    scrollMargin: margin,
    getItemKey: (at) => {
      const row = sorted[at];
      return row === undefined ? at : id(row);
    },
  });
  const shown = virtual.getVirtualItems();
  const first = shown[0];
  const last = shown[shown.length - 1];
  const above = first ? first.start - margin : 0;
  const below = last ? virtual.getTotalSize() - (last.end - margin) : 0;

  // A filter may leave none of those that are there.
  const isNearEnd =
    sorted.length === 0 || (last !== undefined && last.index >= sorted.length - BEYOND);
  useEffect(() => {
    if (isNearEnd && more && !isLoading) more();
  }, [isNearEnd, more, isLoading]);

  const share = columns.reduce((s, c) => s + (typeof c.width === 'string' ? 0 : (c.width ?? 1)), 0);
  const width = (c: Column<T>) =>
    typeof c.width === 'string' ? c.width : `${((c.width ?? 1) / share) * 100}%`;

  return (
    <>
      <table
        className={styles.table}
        ref={table}
        aria-label={props.label}
        aria-rowcount={more ? -1 : sorted.length + 1}
      >
        {!isPhone && (
          <colgroup>
            {columns.map((c) => (
              <col key={c.key} style={{ width: width(c) }} />
            ))}
          </colgroup>
        )}
        <thead className={styles.head}>
          <tr aria-rowindex={1}>
            {columns.map((c) => (
              <th
                key={c.key}
                scope="col"
                className={mergeClasses(styles.th, c.isNumber && styles.number)}
                aria-sort={
                  !isPart && sort?.key === c.key
                    ? sort.down
                      ? 'descending'
                      : 'ascending'
                    : undefined
                }
              >
                {c.by && !isPart ? (
                  <Button
                    appearance="transparent"
                    className={styles.sort}
                    iconPosition="after"
                    icon={
                      sort?.key === c.key ? (
                        sort.down ? (
                          <ArrowDownRegular />
                        ) : (
                          <ArrowUpRegular />
                        )
                      ) : undefined
                    }
                    title={t.sort(c.label)}
                    onClick={() => setSort({ key: c.key, down: sort?.key === c.key && !sort.down })}
                  >
                    {c.label}
                  </Button>
                ) : (
                  <span className={c.isLabelHidden ? styles.hidden : styles.label}>{c.label}</span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className={styles.body}>
          <Spacer height={above} />
          {shown.map((item) => {
            const row = sorted[item.index];
            if (row === undefined) return null;
            return (
              <tr
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                aria-rowindex={item.index + 2}
                className={mergeClasses(styles.row, props.isChosen?.(row) && styles.chosen)}
              >
                {columns.map((c) => (
                  <td
                    key={c.key}
                    data-label={c.isLabelHidden ? '' : c.label}
                    className={mergeClasses(styles.td, c.isNumber && styles.number)}
                  >
                    {c.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          <Spacer height={below} />
        </tbody>
      </table>
      {more && (
        <div className={styles.foot}>
          {isLoading ? (
            <Spinner size="tiny" label={t.more} />
          ) : (
            <Button size="small" onClick={more}>
              {t.loadMore}
            </Button>
          )}
        </div>
      )}
      <span className={styles.hidden} role="status">
        {t.of(sorted.length)}
      </span>
    </>
  );
}

/** Stands for the rows that are out of sight. */
function Spacer({ height }: { height: number }) {
  const styles = useStyles();
  if (height <= 0) return null;
  return (
    <tr aria-hidden className={styles.spacer}>
      <td style={{ height }} />
    </tr>
  );
}

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number'
    ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true });
}
