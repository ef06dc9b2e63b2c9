/** Restore of a machine: the point, then where to (PORTAL-17). */
import { Button, Spinner, Subtitle1, Text, makeStyles, tokens } from '@fluentui/react-components';
import { HistoryRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import type { Machine } from '../../api/ids';
import { itemQuery } from '../../api/items';
import type { Item } from '../../api/items';
import { pointQuery, restore, tierOf } from '../../api/points';
import type { Point } from '../../api/points';
import { useSubscription } from '../../api/subscription';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { TOUCHED } from '../../frame/touched';
import { useWork } from '../../frame/useWork';
import { Empty } from '../../parts/Empty';
import { Equal } from '../../parts/Equal';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { Guarded } from '../../parts/Guarded';
import { Page } from '../../parts/Page';
import { Waiting } from '../../parts/Waiting';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { text as actionText } from '../item/actionText';
import { jobLink } from '../item/jobLink';
import { obstacle } from '../item/possible';
import { ConsistencyOf, TierSign } from '../points/signs';
import { text as pointText } from '../points/text';
import type { VaultPlace } from '../vault/VaultLayout';
import { useVaultCrumbs } from '../vault/VaultLayout';
import { Disks } from './Disks';
import { PickPoint } from './PickPoint';
import { Target } from './Target';
import { inputOf, missing, rightsOf } from './draft';
import { equalOf } from './equal';
import { text } from './text';
import { useDraft } from './useDraft';
import { useTaken } from './useTaken';

const useStyles = makeStyles({
  form: { display: 'grid', gap: '16px', maxWidth: '640px', margin: '24px 0 0' },
  foot: {
    position: 'sticky',
    bottom: 0,
    zIndex: 1,
    display: 'flex',
    flexWrap: 'wrap',
    gap: '8px',
    padding: '12px 0',
    backgroundColor: tokens.colorNeutralBackground1,
  },
});

export default function Restore({ of, machine }: { of: VaultPlace; machine: Machine }) {
  const t = useText(text);
  const names = useText(frame);
  const { obstacle: words } = useText(actionText);
  const found = useQuery(itemQuery(of.group, of.vault, machine));
  const item = found.data;
  const name = item?.properties.friendlyName ?? machine.machine;
  const crumbs = [
    ...useVaultCrumbs(of),
    { label: names.items, path: path.vault(of.group, of.vault, 'items/vm') },
  ];
  const why = item && obstacle(item, 'restore');
  return (
    <Page
      title={t.title(name)}
      crumbs={item ? [...crumbs, { label: name, path: path.item(item.id) }] : crumbs}
    >
      {found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Waiting />}
      {why && <Empty icon={HistoryRegular} title={t.refused} body={words[why]} />}
      {item && !why && <Form item={item} />}
    </Page>
  );
}

/** The point that was come with, or that is chosen. */
function usePoint(item: Item) {
  const [params] = useSearchParams();
  const asked = params.get('point') ?? '';
  const [chosen, setChosen] = useState<Point>();
  const found = useQuery({ ...pointQuery(item.id, asked), enabled: asked !== '' });
  const isAsked = asked !== '' && found.isPending;
  return { point: chosen ?? found.data, choose: setChosen, isAsked, error: found.error };
}

function Form({ item }: { item: Item }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const [, go] = useLocation();
  const subscription = useSubscription()?.id ?? '';
  const { point, choose, isAsked, error: lost } = usePoint(item);
  const { draft, change } = useDraft(item);
  const page = path.item(item.id);
  const { work, isBusy, error } = useWork(TOUCHED.item);
  const name = item.properties.friendlyName;
  const isTaken = useTaken(draft);
  const lacks = missing(draft);
  const refused = !point
    ? t.pickNone
    : lacks
      ? t.missing[lacks]
      : isTaken
        ? t.nameTaken(draft.group)
        : undefined;

  const start = () => {
    if (!point) return;
    void work({ begun: t.begun(name), failed: t.failed(name) }, async () => {
      const job = await restore(item, point, inputOf(draft, subscription));
      const to = jobLink(item, job, t.job);
      go(to.path);
      return { title: t.triggered(name), body: t.follow, to };
    });
  };

  if (isAsked) return <Waiting />;
  return (
    <>
      {lost && !point && <Failure error={lost} />}
      <PickPoint item={item} chosen={point} onChoose={choose} />
      <section className={styles.form} aria-label={t.configuration}>
        <Subtitle1 as="h2">{t.configuration}</Subtitle1>
        {point ? <Chosen point={point} /> : <Text>{t.pickNone}</Text>}
        <Target item={item} draft={draft} onChange={change} />
        {point && <Disks point={point} draft={draft} onChange={change} />}
        {error !== undefined && <Failure error={error} />}
        {point && !lacks && <Equal to={equalOf(draft, item, point, subscription)} />}
      </section>
      <div className={styles.foot}>
        <Guarded
          appearance="primary"
          needs={rightsOf(draft, item, subscription)}
          refused={refused}
          isBusy={isBusy}
          icon={isBusy ? <Spinner size="tiny" /> : undefined}
          onClick={start}
        >
          {t.restore}
        </Guarded>
        <Button onClick={() => go(page)}>{terms.cancel}</Button>
      </div>
    </>
  );
}

function Chosen({ point }: { point: Point }) {
  const t = useText(text);
  const points = useText(pointText);
  const time = useTime();
  return (
    <Facts
      isSingle
      of={[
        [t.picked, time.second(point.properties.recoveryPointTime)],
        [points.tier, <TierSign tier={tierOf(point)} />],
        [points.consistency, <ConsistencyOf point={point} />],
      ]}
    />
  );
}
