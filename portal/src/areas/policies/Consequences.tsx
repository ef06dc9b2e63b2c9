/** What an edit means for machines that have the policy and for their points. */
import {
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
} from '@fluentui/react-components';
import { useText } from '../../text/text';
import { consequencesOf, isLoss } from './edits';
import type { Consequence } from './edits';
import type { Draft } from './draft';
import { formText } from './formText';

const useStyles = makeStyles({ list: { margin: '4px 0 0', paddingLeft: '20px' } });

export function Consequences({ old, next, items }: { old: Draft; next: Draft; items: number }) {
  const styles = useStyles();
  const t = useText(formText);
  const found = consequencesOf(old, next);
  if (!found.length || !items) return null;
  const losses = found.some(isLoss);
  const words = t.consequence;
  const say = (c: Consequence): string => {
    switch (c.kind) {
      case 'longer':
      case 'shorter':
        return words[c.kind](words.range[c.range], c.from, c.to);
      case 'added':
      case 'removed':
      case 'days':
        return words[c.kind](words.range[c.range]);
      default:
        return words[c.kind];
    }
  };
  const all = [words.items(items), ...found.map(say), ...(losses ? [words.alert] : [])];
  return (
    <MessageBar intent={losses ? 'warning' : 'info'} layout="multiline" role="status">
      <MessageBarBody>
        <MessageBarTitle>{t.consequences}</MessageBarTitle>
        <ul className={styles.list}>
          {all.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </MessageBarBody>
    </MessageBar>
  );
}
