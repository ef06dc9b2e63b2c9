/** Time zones to choose from, with what they are ahead of UTC by today. */
import { WINDOWS_ZONES } from './windowsZones';

/**
 * Windows' names keep the offset of the day on which a policy is saved (POLICY-19); IANA names
 * follow daylight saving.
 */
export type ZoneKind = 'kept' | 'followed';

export interface Zone {
  name: string;
  /** Minutes ahead of UTC today. */
  ahead: number;
}

const windows = new Map(Object.entries(WINDOWS_ZONES).map(([w, i]) => [w.toLowerCase(), i]));

export const kindOf = (zone: string): ZoneKind =>
  windows.has(zone.toLowerCase()) ? 'kept' : 'followed';

/** The IANA zone whose clock a zone has. */
export const ianaOf = (zone: string) => windows.get(zone.toLowerCase()) ?? zone;

/** Minutes that a zone is ahead of UTC at an instant; undefined if this browser lacks the zone. */
export function ahead(zone: string, at = new Date()): number | undefined {
  try {
    const format = new Intl.DateTimeFormat('en', {
      timeZone: ianaOf(zone),
      timeZoneName: 'longOffset',
    });
    const name = format.formatToParts(at).find((p) => p.type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0'] = /([+-])(\d+):(\d+)/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  } catch {
    return undefined;
  }
}

/** `UTC+01:00`. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (n: number) => String(n).padStart(2, '0');
  return `UTC${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const sorted = (names: string[]): Zone[] =>
  names
    .flatMap((name) => {
      const minutes = ahead(name);
      return minutes === undefined ? [] : [{ name, ahead: minutes }];
    })
    .sort((a, b) => a.ahead - b.ahead || a.name.localeCompare(b.name));

const made = new Map<ZoneKind, Zone[]>();

/** All zones of a kind. */
export function zonesOf(kind: ZoneKind): Zone[] {
  let found = made.get(kind);
  if (!found) {
    const isIana = (name: string) => name.includes('/');
    found = sorted(
      kind === 'kept'
        ? Object.keys(WINDOWS_ZONES)
        : Intl.supportedValuesOf('timeZone').filter(isIana),
    );
    made.set(kind, found);
  }
  return found;
}

/** The browser's own zone, by its IANA name. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The zone of the other kind that is nearest to one. */
export function counterpart(zone: string, kind: ZoneKind): string {
  if (kindOf(zone) === kind) return zone;
  if (kind === 'followed') {
    const iana = ianaOf(zone);
    return iana.startsWith('Etc/') ? (isBare(ownZone()) ? 'Europe/London' : ownZone()) : iana;
  }
  const same = Object.entries(WINDOWS_ZONES).find(([, iana]) => iana === zone);
  if (same) return same[0];
  const minutes = ahead(zone);
  return zonesOf('kept').find((z) => z.ahead === minutes)?.name ?? 'UTC';
}

/** Whether a name is one that follows nothing. */
const isBare = (zone: string) => !zone.includes('/') || zone.startsWith('Etc/');
