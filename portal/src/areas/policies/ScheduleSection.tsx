/** "Backup schedule" of the editor: sub-type, frequency, time, zone (POLICY-5, 6, 20, 27, 32). */
import {
  Dropdown,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  Option,
  Radio,
  RadioGroup,
  Text,
  makeStyles,
} from '@fluentui/react-components';
import { useText } from '../../text/text';
import { WEEKDAYS, useCalendar } from './calendar';
import { Choices } from './Choices';
import { INTERVALS } from './draft';
import type { Draft, Frequency, Kind } from './draft';
import { Pair, Section } from './formParts';
import type { SectionProps } from './formParts';
import { formText } from './formText';
import { ZoneField } from './ZoneField';

const useStyles = makeStyles({ hint: { display: 'block' } });

const KINDS: readonly Kind[] = ['V1', 'V2'];
const FREQUENCIES: Record<Kind, readonly Frequency[]> = {
  V1: ['Daily', 'Weekly'],
  V2: ['Hourly', 'Daily', 'Weekly'],
};

export function ScheduleSection(
  props: SectionProps & {
    /** Machines have the policy, so that it keeps its sub-type. */
    isKindFixed: boolean;
    /** Other policies that start within the hour. */
    sameHour: string[];
  },
) {
  const { draft, faults, change } = props;
  const t = useText(formText);
  const calendar = useCalendar();
  return (
    <Section title={t.schedule}>
      <KindField draft={draft} change={change} isFixed={props.isKindFixed} />
      <Pair>
        <Field label={t.frequency} required>
          <Dropdown
            value={t.frequencies[draft.frequency]}
            selectedOptions={[draft.frequency]}
            onOptionSelect={(_, { optionValue }) => change({ frequency: optionValue as Frequency })}
          >
            {FREQUENCIES[draft.kind].map((one) => (
              <Option key={one} value={one}>
                {t.frequencies[one]}
              </Option>
            ))}
          </Dropdown>
        </Field>
        <Field
          label={draft.frequency === 'Hourly' ? t.start : t.time}
          required
          validationMessage={faults.time}
          validationState={faults.time ? 'error' : 'none'}
        >
          <Input
            type="time"
            value={draft.time}
            onChange={(_, { value }) => change({ time: value })}
          />
        </Field>
      </Pair>
      {draft.frequency === 'Weekly' && (
        <Choices
          label={t.runDays}
          isRequired
          all={WEEKDAYS}
          chosen={draft.days}
          word={calendar.weekday}
          fault={faults.days}
          onChange={(days) => change({ days })}
        />
      )}
      {draft.frequency === 'Hourly' && <Hours draft={draft} change={change} />}
      <ZoneField zone={draft.zone} fault={faults.zone} onChange={(zone) => change({ zone })} />
      <MessageBar intent={props.sameHour.length ? 'warning' : 'info'} layout="multiline">
        <MessageBarBody>
          <MessageBarTitle>{t.advice}</MessageBarTitle>
          {props.sameHour.length > 0 && `${t.sameHour(calendar.list(props.sameHour))} `}
          {t.adviceBody}
        </MessageBarBody>
      </MessageBar>
    </Section>
  );
}

function KindField(props: { draft: Draft; change: SectionProps['change']; isFixed: boolean }) {
  const styles = useStyles();
  const t = useText(formText);
  return (
    <Field label={t.kind} required hint={props.isFixed ? t.kindInUse : undefined}>
      <RadioGroup
        value={props.draft.kind}
        disabled={props.isFixed}
        onChange={(_, { value }) =>
          props.change({ kind: value as Kind, ...(value === 'V2' && { frequency: 'Hourly' }) })
        }
      >
        {KINDS.map((kind) => (
          <Radio
            key={kind}
            value={kind}
            label={
              <>
                {t.kinds[kind]}
                <Text size={200} className={styles.hint}>
                  {t.kindHints[kind]}
                </Text>
              </>
            }
          />
        ))}
      </RadioGroup>
    </Field>
  );
}

/** How often and how long an hourly schedule runs. */
function Hours({ draft, change }: Pick<SectionProps, 'draft' | 'change'>) {
  const t = useText(formText);
  const { interval, window } = draft;
  // A window that is no multiple of the interval is as good as the next one that is.
  const windows = Array.from({ length: 24 / interval }, (_, at) => (at + 1) * interval);
  if (!windows.includes(window)) windows.push(window);
  return (
    <Pair>
      <Field label={t.interval} required>
        <Dropdown
          value={t.everyHours(interval)}
          selectedOptions={[String(interval)]}
          onOptionSelect={(_, { optionValue }) => change({ interval: Number(optionValue) })}
        >
          {INTERVALS.map((hours) => (
            <Option key={hours} value={String(hours)}>
              {t.everyHours(hours)}
            </Option>
          ))}
        </Dropdown>
      </Field>
      <Field label={t.window} required hint={t.windowHint}>
        <Dropdown
          value={String(window)}
          selectedOptions={[String(window)]}
          onOptionSelect={(_, { optionValue }) => change({ window: Number(optionValue) })}
        >
          {windows.map((hours) => (
            <Option key={hours} value={String(hours)}>
              {String(hours)}
            </Option>
          ))}
        </Dropdown>
      </Field>
    </Pair>
  );
}
