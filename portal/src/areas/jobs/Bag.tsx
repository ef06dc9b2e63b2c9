/** What else a job says of itself: its property bag, in people's words. */
import { MessageBar, MessageBarBody, Subtitle2, makeStyles } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import type { JobDetails } from '../../api/jobs';
import { Facts } from '../../parts/Facts';
import { useNumbers } from '../../text/numbers';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { text } from './detailsText';

const HINT = 'Performance hint';
const RESTORED = 'Restored disk ';

const useStyles = makeStyles({ head: { display: 'block', margin: '16px 0 8px' } });

export function Bag({ job }: { job: JobDetails }) {
  const styles = useStyles();
  const t = useText(text);
  const value = useValue();
  const bag = job.properties.extendedInfo.propertyBag;
  const entries = Object.entries(bag).filter(([name]) => name !== HINT);
  const label = (name: string) =>
    name.startsWith(RESTORED) ? t.restored(name.slice(RESTORED.length)) : word(t.bag, name.trim());
  const facts = entries.map(([name, said]): [string, ReactNode] => [
    label(name),
    value(name.trim(), said),
  ]);
  return (
    <section>
      {bag[HINT] && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>{bag[HINT]}</MessageBarBody>
        </MessageBar>
      )}
      <Subtitle2 as="h2" className={styles.head}>
        {t.properties}
      </Subtitle2>
      <Facts of={facts} />
    </section>
  );
}

/** How the values of known names are written. */
function useValue() {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const numbers = useNumbers();
  return (name: string, said: string): ReactNode => {
    switch (name) {
      case 'Recovery Point Expiry Time in UTC':
        return time.moment(`${said} UTC`);
      case 'Recovery point time':
        return time.second(said);
      case 'Recovery point consistency':
      case 'Recovery point consistency asked':
        return word(terms.consistency, said);
      case 'Job Type':
        return word(t.jobTypes, said);
      case 'Backup Size': {
        const [, size] = /^(\d+) MB$/.exec(said) ?? [];
        return size === undefined ? said : numbers.bytes(Number(size) * 1024 * 1024);
      }
      default:
        return said;
    }
  };
}
