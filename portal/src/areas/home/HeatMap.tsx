/** Which recovery points there are: machines by days, as a map or as a table. */
import { Card, Subtitle2, Tab, TabList, Text, makeStyles } from '@fluentui/react-components';
import { CalendarLtrRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, useMemo, useState } from 'react';
import { HEAT_DAYS, heatMapPath } from '../../api/heatMap';
import type { HeatMap as Answer, HeatRow } from '../../api/heatMap';
import { usePaged } from '../../api/paged';
import { usePhone } from '../../frame/width';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { HeatGrid, PHONE_DAYS } from './HeatGrid';
import { HeatLegend } from './HeatLegend';
import { filled } from './heat';
import { text } from './text';

const HeatTable = lazy(() => import('./HeatTable'));

const useStyles = makeStyles({
  card: { padding: '16px', minHeight: '320px' },
  head: { display: 'flex', flexWrap: 'wrap', justifyContent: 'space-between', gap: '8px' },
});

export function HeatMap() {
  const styles = useStyles();
  const t = useText(text);
  const [view, setView] = useState('map');
  const isPhone = usePhone();
  const path = useQuery({ queryKey: ['heatMap', 'path'], queryFn: heatMapPath });
  const list = usePaged<HeatRow, Answer>(['heatMap'], path.data);
  const { first, error, isPending, isLoading, more, refetch } = list;
  const rows = useMemo(
    () => (first ? list.rows.map((row) => filled(row, first)) : []),
    [first, list.rows],
  );
  const days = isPhone && view === 'map' ? PHONE_DAYS : (first?.days ?? HEAT_DAYS);
  const isNone = !isPending && !error && rows.length === 0;
  return (
    <Card className={styles.card} appearance="outline">
      <div className={styles.head}>
        <div>
          <Subtitle2 as="h2" block>
            {t.map}
          </Subtitle2>
          <Text size={200}>{t.mapNote(days)}</Text>
        </div>
        <TabList
          size="small"
          aria-label={t.mapView}
          selectedValue={view}
          onTabSelect={(_, { value }) => setView(String(value))}
        >
          <Tab value="map">{t.mapGrid}</Tab>
          <Tab value="table">{t.mapTable}</Tab>
        </TabList>
      </div>
      {error && <Failure error={error} retry={refetch} />}
      {isPending && !error && <Waiting />}
      {isNone && <Empty icon={CalendarLtrRegular} title={t.mapNone} body={t.mapNoneNote} />}
      {rows.length > 0 &&
        (view === 'map' ? (
          <>
            <HeatLegend />
            <HeatGrid rows={rows} more={more} isLoading={isLoading} />
          </>
        ) : (
          <Suspense fallback={<Waiting />}>
            <HeatTable rows={rows} more={more} isLoading={isLoading} />
          </Suspense>
        ))}
    </Card>
  );
}
