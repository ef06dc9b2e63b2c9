/**
 * A day chosen in a calendar, which a calendar icon opens. The calendar is heavy and is loaded when
 * a form wants it; until then the field has its place.
 */
import { Field, Input } from '@fluentui/react-components';
import { CalendarMonthRegular } from '@fluentui/react-icons';
import { Suspense, lazy } from 'react';

const Calendar = lazy(() => import('./DatePicked'));

export interface DateFieldProps {
  label: string;
  value: Date | undefined;
  onChange: (value: Date | undefined) => void;
  min?: Date;
  max?: Date;
  hint?: string;
  /** What is wrong with the day. */
  error?: string;
  isRequired?: boolean;
}

export function DateField(props: DateFieldProps) {
  return (
    <Field
      label={props.label}
      hint={props.hint}
      validationMessage={props.error}
      required={props.isRequired}
    >
      <Suspense fallback={<Input disabled contentAfter={<CalendarMonthRegular />} />}>
        <Calendar {...props} />
      </Suspense>
    </Field>
  );
}
