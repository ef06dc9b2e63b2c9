/** Views of a page as tabs. Which one is open stands in the address. */
import { Tab, TabList, makeStyles } from '@fluentui/react-components';
import { useSearchParams } from 'wouter';

const useStyles = makeStyles({ tabs: { margin: '0 0 16px' } });

/** The view that is open: the first one unless the address says another. */
export function useView<T extends string>(views: readonly [T, ...T[]]): T {
  const [params] = useSearchParams();
  return views.find((one) => one === params.get('view')) ?? views[0];
}

export function Views<T extends string>(props: {
  label: string;
  open: T;
  names: Record<T, string>;
}) {
  const styles = useStyles();
  const [, setParams] = useSearchParams();
  return (
    <TabList
      className={styles.tabs}
      aria-label={props.label}
      selectedValue={props.open}
      onTabSelect={(_, { value }) => setParams({ view: String(value) }, { replace: true })}
    >
      {Object.entries<string>(props.names).map(([view, name]) => (
        <Tab key={view} value={view}>
          {name}
        </Tab>
      ))}
    </TabList>
  );
}
