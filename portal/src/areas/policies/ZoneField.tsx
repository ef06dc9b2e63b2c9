/** The time zone of a policy, and what becomes of it when clocks change (POLICY-19, 20). */
import {
  Combobox,
  Field,
  Option,
  Radio,
  RadioGroup,
  Text,
  makeStyles,
} from '@fluentui/react-components';
import { useMemo, useState } from 'react';
import { useText } from '../../text/text';
import { formText } from './formText';
import { ahead, counterpart, kindOf, offsetText, zonesOf } from './zones';
import type { Zone, ZoneKind } from './zones';

/** How many are shown at once; to see others one types. */
const SHOWN = 60;

const useStyles = makeStyles({
  all: { display: 'grid', gap: '12px' },
  hint: { display: 'block' },
});

const KINDS: readonly ZoneKind[] = ['kept', 'followed'];

const label = ({ name, ahead }: Zone) => `(${offsetText(ahead)}) ${name.replaceAll('_', ' ')}`;

export function ZoneField(props: {
  zone: string;
  fault?: string;
  onChange: (zone: string) => void;
}) {
  const { zone, onChange } = props;
  const styles = useStyles();
  const t = useText(formText);
  const kind = kindOf(zone);
  const now = ahead(zone);
  const offset = now === undefined ? '–' : offsetText(now);
  const said = now === undefined ? zone : label({ name: zone, ahead: now });
  const [typed, setTyped] = useState<string>();
  const found = useMemo(() => {
    const words = typed?.toLowerCase().replaceAll('-', '−') ?? '';
    const all = zonesOf(kind);
    return words
      ? all.filter((z) => label(z).toLowerCase().replaceAll('-', '−').includes(words))
      : all;
  }, [typed, kind]);
  return (
    <div className={styles.all}>
      <Field
        label={t.zone}
        required
        validationMessage={props.fault}
        validationState={props.fault ? 'error' : 'none'}
      >
        <Combobox
          freeform
          value={typed ?? said}
          selectedOptions={[zone]}
          placeholder={t.zoneSearch}
          onChange={(event) => setTyped(event.target.value)}
          onOpenChange={(_, { open }) => setTyped(open ? '' : undefined)}
          onBlur={() => setTyped(undefined)}
          onOptionSelect={(_, { optionValue }) => {
            // Typing what is no option takes the choice back, which here stays until another one.
            if (!optionValue) return;
            setTyped(undefined);
            onChange(optionValue);
          }}
        >
          {found.slice(0, SHOWN).map((z) => (
            <Option key={z.name} value={z.name} text={label(z)}>
              {label(z)}
            </Option>
          ))}
          {found.length > SHOWN && (
            <Option value="" text="" disabled>
              {t.zoneMore}
            </Option>
          )}
        </Combobox>
      </Field>
      <Field label={t.clocks}>
        <RadioGroup
          value={kind}
          onChange={(_, { value }) => onChange(counterpart(zone, value as ZoneKind))}
        >
          {KINDS.map((one) => (
            <Radio
              key={one}
              value={one}
              label={
                <>
                  {t.clockKinds[one]}
                  {one === kind && (
                    <Text size={200} className={styles.hint}>
                      {t.clockHints[one](offset)}
                    </Text>
                  )}
                </>
              }
            />
          ))}
        </RadioGroup>
      </Field>
    </div>
  );
}
