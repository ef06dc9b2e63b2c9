/** "Retention range" of the editor: which points are kept how long (POLICY-9 to 13). */
import {
  Checkbox,
  Field,
  MessageBar,
  MessageBarBody,
  Radio,
  RadioGroup,
  Text,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useText } from '../../text/text';
import { MONTHS, MONTH_DAYS, WEEKDAYS, WEEKS, inOrder, useCalendar } from './calendar';
import { Choices } from './Choices';
import { isOn } from './draft';
import type { MonthRange, RangeName } from './draft';
import { Count, Pair, Section } from './formParts';
import type { SectionProps } from './formParts';
import { formText } from './formText';
import { BOUNDS } from './rules';

const useStyles = makeStyles({
  range: { borderTop: `1px solid ${tokens.colorNeutralStroke2}`, paddingTop: '4px' },
  fields: { display: 'grid', gap: '12px', padding: '4px 0 8px 32px' },
  hint: { display: 'block', color: tokens.colorNeutralForeground3, padding: '0 0 8px 32px' },
});

export function RetentionSection(props: SectionProps) {
  const { draft, faults, change } = props;
  const t = useText(formText);
  const calendar = useCalendar();
  const isWeekly = draft.frequency === 'Weekly';
  const runs = isWeekly ? inOrder(WEEKDAYS, draft.days) : WEEKDAYS;
  return (
    <Section
      title={t.retention}
      hint={draft.frequency === 'Hourly' ? t.atLast : t.atTime(draft.time)}
    >
      {faults.retention && (
        <MessageBar intent="error" layout="multiline">
          <MessageBarBody>{faults.retention}</MessageBarBody>
        </MessageBar>
      )}
      <RangeFields {...props} name="daily" refused={isWeekly ? t.noDaily : undefined}>
        <CountOf {...props} name="daily" />
      </RangeFields>
      <RangeFields {...props} name="weekly">
        <Pair>
          <Choices
            label={t.on}
            isRequired
            all={runs}
            chosen={draft.weekly.days}
            word={calendar.weekday}
            fault={faults.weeklyDays}
            onChange={(days) => change({ weekly: { ...draft.weekly, days } })}
          />
          <CountOf {...props} name="weekly" />
        </Pair>
      </RangeFields>
      <RangeFields {...props} name="monthly">
        <MonthFields
          range={draft.monthly}
          runs={runs}
          isWeekly={isWeekly}
          fault={faults.monthlyDays}
          onChange={(monthly) => change({ monthly: { ...draft.monthly, ...monthly } })}
        />
        <CountOf {...props} name="monthly" />
      </RangeFields>
      <RangeFields {...props} name="yearly">
        <Choices
          label={t.in}
          isRequired
          all={MONTHS}
          chosen={draft.yearly.months}
          word={calendar.month}
          fault={faults.months}
          onChange={(months) => change({ yearly: { ...draft.yearly, months } })}
        />
        <MonthFields
          range={draft.yearly}
          runs={runs}
          isWeekly={isWeekly}
          fault={faults.yearlyDays}
          onChange={(yearly) => change({ yearly: { ...draft.yearly, ...yearly } })}
        />
        <CountOf {...props} name="yearly" />
      </RangeFields>
    </Section>
  );
}

/** A range, which may be unticked (POLICY-10). */
function RangeFields(
  props: SectionProps & {
    name: RangeName;
    /** Why the range can't be had. */
    refused?: string;
    children: ReactNode;
  },
) {
  const { draft, name, change } = props;
  const styles = useStyles();
  const t = useText(formText);
  return (
    <div className={styles.range} role="group" aria-label={t.ranges[name]}>
      <Checkbox
        label={t.ranges[name]}
        checked={isOn(draft, name)}
        disabled={props.refused !== undefined}
        onChange={(_, { checked }) =>
          change({ [name]: { ...draft[name], isOn: checked === true } })
        }
      />
      {props.refused && (
        <Text size={200} className={styles.hint}>
          {props.refused}
        </Text>
      )}
      {isOn(draft, name) && <div className={styles.fields}>{props.children}</div>}
    </div>
  );
}

function CountOf({ draft, faults, change, name }: SectionProps & { name: RangeName }) {
  const t = useText(formText);
  return (
    <Count
      label={t.counts[name]}
      value={draft[name].count}
      bounds={BOUNDS[name]}
      fault={faults[name]}
      onChange={(count) => change({ [name]: { ...draft[name], count } })}
    />
  );
}

/** Which days of a month: by week and weekday, or by date (POLICY-11). */
function MonthFields(props: {
  range: MonthRange;
  /** The weekdays on which backups run. */
  runs: readonly (typeof WEEKDAYS)[number][];
  isWeekly: boolean;
  fault?: string;
  onChange: (change: Partial<MonthRange>) => void;
}) {
  const { range, onChange, fault } = props;
  const t = useText(formText);
  const calendar = useCalendar();
  return (
    <>
      <Field label={t.by} hint={props.isWeekly ? t.byDateNot : undefined}>
        <RadioGroup
          layout="horizontal"
          value={range.by}
          onChange={(_, { value }) => onChange({ by: value as MonthRange['by'] })}
        >
          <Radio value="Weekly" label={t.bys.Weekly} />
          <Radio value="Daily" label={t.bys.Daily} disabled={props.isWeekly} />
        </RadioGroup>
      </Field>
      {range.by === 'Daily' ? (
        <Choices
          label={t.dates}
          isRequired
          all={MONTH_DAYS}
          chosen={range.dates}
          word={calendar.monthDay}
          fault={fault}
          onChange={(dates) => onChange({ dates })}
        />
      ) : (
        <Pair>
          <Choices
            label={t.weeks}
            isRequired
            all={WEEKS}
            chosen={range.weeks}
            word={calendar.week}
            fault={range.weeks.length ? undefined : fault}
            onChange={(weeks) => onChange({ weeks })}
          />
          <Choices
            label={t.weekdays}
            isRequired
            all={props.runs}
            chosen={range.days}
            word={calendar.weekday}
            fault={range.weeks.length ? fault : undefined}
            onChange={(days) => onChange({ days })}
          />
        </Pair>
      )}
    </>
  );
}
