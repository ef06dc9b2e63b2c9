/** What the estimator's fields say, what is wrong with them, and what they come to (PRICE-11). */
import type { EstimateBody, StorageClass } from '../../api/costs';
import type { EqualCommand } from '../../parts/Equal';

export const FIELDS = [
  'data',
  'count',
  'churn',
  'excluded',
  'keepDays',
  'keepWeeks',
  'keepMonths',
  'keepYears',
  'snapshotDays',
] as const;

export type FieldName = (typeof FIELDS)[number];

/** As they are typed. */
export type Draft = Record<FieldName, string>;

export const FIRST: Draft = {
  data: '47',
  count: '1',
  churn: '2',
  excluded: '0',
  keepDays: '30',
  keepWeeks: '0',
  keepMonths: '0',
  keepYears: '0',
  snapshotDays: '2',
};

/** What a field may say; parts of one only where they make sense. */
export const BOUNDS: Record<FieldName, { least: number; most: number; isWhole: boolean }> = {
  data: { least: 0, most: 1_048_576, isWhole: false },
  count: { least: 1, most: 100_000, isWhole: true },
  churn: { least: 0, most: 100, isWhole: false },
  excluded: { least: 0, most: 100, isWhole: false },
  keepDays: { least: 0, most: 9999, isWhole: true },
  keepWeeks: { least: 0, most: 5163, isWhole: true },
  keepMonths: { least: 0, most: 1188, isWhole: true },
  keepYears: { least: 0, most: 99, isWhole: true },
  snapshotDays: { least: 0, most: 30, isWhole: true },
};

/** Whether a field is as it must be. */
export function isGood(name: FieldName, typed: string): boolean {
  const { least, most, isWhole } = BOUNDS[name];
  const number = /^\d+(\.\d+)?$/.test(typed) ? Number(typed) : NaN;
  return number >= least && number <= most && (!isWhole || Number.isInteger(number));
}

const GIB = 2 ** 30;

export function bodyOf(draft: Draft, redundancy: StorageClass): EstimateBody {
  const number = (name: FieldName) => Number(draft[name]);
  return {
    properties: {
      dataBytes: Math.round(number('data') * GIB),
      machines: number('count'),
      dailyChurnPercent: number('churn'),
      excludedPercent: number('excluded'),
      days: number('keepDays'),
      weeks: number('keepWeeks'),
      months: number('keepMonths'),
      years: number('keepYears'),
      snapshotDays: number('snapshotDays'),
      redundancy,
    },
  };
}

const WORDS: Record<StorageClass, string> = {
  LocallyRedundant: 'local',
  ZoneRedundant: 'zone',
  GeoRedundant: 'geo',
  ReadAccessGeoRedundant: 'geo-read',
};

export const wordOf = (of: StorageClass) => WORDS[of];

/** The same as commands. Sizes of commands are whole numbers, so it is in MiB where it is not in GiB. */
export function equalOf(draft: Draft, redundancy: StorageClass, path: string): EqualCommand {
  const data = Number(draft.data);
  const size = Number.isInteger(data) ? `${data}GiB` : `${Math.round(data * 1024)}MiB`;
  const words = [
    `--size ${size} --churn ${draft.churn} --machines ${draft.count}`,
    draft.excluded !== '0' && `--exclude ${draft.excluded}`,
    `--days ${draft.keepDays}`,
    draft.keepWeeks !== '0' && `--weeks ${draft.keepWeeks}`,
    draft.keepMonths !== '0' && `--months ${draft.keepMonths}`,
    draft.keepYears !== '0' && `--years ${draft.keepYears}`,
    `--snapshot-days ${draft.snapshotDays} --redundancy ${WORDS[redundancy]}`,
  ];
  return {
    stillpoint: ['stillpoint cost estimate', ...words.filter(Boolean)].join(' '),
    rest: { method: 'POST', path, body: bodyOf(draft, redundancy) },
  };
}
