/** Which of a point's disks are restored. */
import { Checkbox, Field, Radio, RadioGroup, makeStyles, tokens } from '@fluentui/react-components';
import type { Point } from '../../api/points';
import { useText } from '../../text/text';
import { dataDisks } from './draft';
import type { DiskChoice, Draft } from './draft';
import { text } from './text';

const useStyles = makeStyles({
  luns: { display: 'grid', paddingLeft: '24px' },
  note: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

export function Disks(props: {
  point: Point;
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
}) {
  const { point, draft, onChange } = props;
  const styles = useStyles();
  const t = useText(text);
  const data = dataDisks(point);
  const { excludedDiskList: excluded } = point.properties.recoveryPointDiskConfiguration;
  const names: Record<DiskChoice, string> = {
    all: t.allDisks,
    os: t.onlyOs,
    chosen: t.chosenDisks,
  };
  const choices: DiskChoice[] = data.length > 0 ? ['all', 'os', 'chosen'] : ['all'];
  const turn = (lun: number, isOn: boolean) =>
    onChange({
      luns: isOn
        ? [...draft.luns, lun].sort((a, b) => a - b)
        : draft.luns.filter((one) => one !== lun),
    });
  return (
    <div>
      <Field label={t.disks}>
        <RadioGroup
          value={draft.disks}
          onChange={(_, { value }) => onChange({ disks: value as DiskChoice })}
        >
          {choices.map((choice) => (
            <Radio key={choice} value={choice} label={names[choice]} />
          ))}
        </RadioGroup>
      </Field>
      {draft.disks === 'chosen' && (
        <div className={styles.luns} role="group" aria-label={names.chosen}>
          {data.map(({ lun, name }) => (
            <Checkbox
              key={lun}
              label={t.dataDisk(lun, name)}
              checked={draft.luns.includes(lun)}
              onChange={(_, { checked }) => turn(lun, checked === true)}
            />
          ))}
        </div>
      )}
      {excluded.length > 0 && (
        <p className={styles.note}>{t.excluded(excluded.map(({ name }) => name).join(', '))}</p>
      )}
    </div>
  );
}
