/** A vault's location, with what it means and how a machine's is found (VAULT-7, VAULT-8, VAULT-12). */
import { Dropdown, Field, Option, makeStyles, tokens } from '@fluentui/react-components';
import type { Location } from '../../api/locations';
import { called } from '../../api/locations';
import { PageLink } from '../../parts/PageLink';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

const useStyles = makeStyles({
  all: { display: 'grid', gap: '4px' },
  more: { margin: 0, color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

export function LocationField(props: {
  location: string;
  locations: Location[];
  wrong?: string;
  onChange: (location: string) => void;
}) {
  const { location, locations } = props;
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  return (
    <div className={styles.all}>
      <Field label={terms.location} required hint={t.locationHint} validationMessage={props.wrong}>
        <Dropdown
          placeholder={t.locationChoose}
          value={location && called(locations, location)}
          selectedOptions={[location]}
          onOptionSelect={(_, { optionValue = '' }) => props.onChange(optionValue)}
        >
          {locations.map(({ name }) => (
            <Option key={name} value={name}>
              {called(locations, name)}
            </Option>
          ))}
        </Dropdown>
      </Field>
      <p className={styles.more}>
        {t.locationMore}{' '}
        <PageLink to="/machines" isInText>
          {t.toMachines}
        </PageLink>
      </p>
    </div>
  );
}
