/** Tags as `name: value`. */
import { Badge, makeStyles } from '@fluentui/react-components';

const useStyles = makeStyles({
  all: { display: 'flex', flexWrap: 'wrap', gap: '4px' },
  one: { maxWidth: '100%', height: 'auto', minHeight: '20px', overflowWrap: 'anywhere' },
});

export function TagBadges({ tags }: { tags: Record<string, string> }) {
  const styles = useStyles();
  const all = Object.entries(tags);
  if (all.length === 0) return <>–</>;
  return (
    <span className={styles.all}>
      {all.map(([name, value]) => (
        <Badge key={name} className={styles.one} appearance="tint" color="informative">
          {value ? `${name}: ${value}` : name}
        </Badge>
      ))}
    </span>
  );
}
