/** "Instant restore" of the editor: how long snapshots stay, and where (POLICY-7, 8, 28; SRG-7). */
import { Field, Input, Text } from '@fluentui/react-components';
import { useText } from '../../text/text';
import { Count, Pair, Section } from './formParts';
import type { SectionProps } from './formParts';
import { formText } from './formText';
import { snapshotBounds } from './rules';

export function InstantSection({ draft, faults, change }: SectionProps) {
  const t = useText(formText);
  const bounds = snapshotBounds(draft);
  const { prefix, suffix } = draft;
  const name = prefix ? `${prefix}1${suffix}` : 'AzureBackupRG_…_1';
  return (
    <Section title={t.instant} hint={t.instantHint}>
      <Count
        label={t.snapshotDays}
        value={draft.snapshotDays}
        bounds={bounds}
        isDisabled={bounds[0] === bounds[1]}
        fault={faults.snapshotDays}
        onChange={(snapshotDays) => change({ snapshotDays })}
      />
      <div role="group" aria-label={t.groupName}>
        <Text weight="semibold">{t.groupName}</Text>
        <Pair>
          <Field
            label={t.prefix}
            hint={t.groupHint(name)}
            validationMessage={faults.prefix}
            validationState={faults.prefix ? 'error' : 'none'}
          >
            <Input value={prefix} onChange={(_, { value }) => change({ prefix: value })} />
          </Field>
          <Field
            label={t.suffix}
            validationMessage={faults.suffix}
            validationState={faults.suffix ? 'error' : 'none'}
          >
            <Input value={suffix} onChange={(_, { value }) => change({ suffix: value })} />
          </Field>
        </Pair>
      </div>
    </Section>
  );
}
