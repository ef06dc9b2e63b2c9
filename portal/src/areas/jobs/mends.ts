/** Where what an error complains of is mended: by its code. */
import { groupOf } from '../../api/ids';
import { path } from '../../frame/paths';

export type MendPlace =
  'machine' | 'hosts' | 'storage' | 'snapshots' | 'policy' | 'jobs' | 'access' | 'locks';

const PLACES: Record<MendPlace, readonly string[]> = {
  machine: [
    'UserErrorVmNotShutDown',
    'UserErrorGuestAgentStatusUnavailable',
    'UserErrorFsFreezeFailed',
    'UserErrorVmNotFoundV2',
    'UserErrorVmNotInDesirableState',
    'UserErrorUnsupportedDisk',
    'UserErrorVmOnTwoHosts',
    'GuestAgentRefused',
    'ThawFailed',
    'ImageInUse',
    'NoDisksSelected',
    'MachineExists',
  ],
  hosts: [
    'HypervisorUnavailable',
    'HypervisorAccessDenied',
    'UserErrorCrpReportedUserError',
    'SnapshotScratchFull',
    'SnapshotScratchTooSmall',
    'SnapshotStoreTooSmall',
    'SnapshotBroken',
    'FileAccessDenied',
    'ToolMissing',
  ],
  storage: [
    'NoSpaceLeft',
    'StoreUnavailable',
    'StoreOwned',
    'StoreTakenOver',
    'StoreUnsafe',
    'UserErrorVaultDamaged',
    'UserErrorVaultKeyMissing',
    'UserErrorVaultKeyObjectLost',
    'FolderUnusable',
    'AdoptionPending',
    'InputOutputError',
  ],
  snapshots: ['UserErrorRpCollectionLimitReached', 'UserErrorInstantRpNotFound'],
  policy: ['BMSUserErrorPolicyNotFound', 'BMSUserErrorInvalidPolicyInput'],
  jobs: ['UserErrorBackupOperationInProgress', 'BackupOverdue', 'BackupBeforeRestoreFailed'],
  access: ['AuthorizationFailed'],
  locks: ['ScopeLocked', 'UserErrorRequestDisallowedByPolicy', 'RequestDisallowedByPolicy'],
};

/** What an error is about. */
export interface About {
  /** The id of a resource in the vault. */
  id: string;
  vault: string;
  machine?: { group: string; machine: string };
  policyId?: string;
}

/** The page where a code's trouble is mended; undefined for one that none mends. */
export function mendOf(code: string, about: About): { place: MendPlace; to: string } | undefined {
  const places = Object.keys(PLACES) as MendPlace[];
  const place = places.find((one) => PLACES[one].includes(code));
  const to = place && pageOf(place, about);
  return place && to ? { place, to } : undefined;
}

function pageOf(place: MendPlace, about: About): string | undefined {
  const { machine, policyId, vault } = about;
  switch (place) {
    case 'machine':
      return machine && path.machine(machine.group, machine.machine);
    case 'policy':
      return policyId ? path.policy(policyId) : path.vault(groupOf(about.id), vault, 'policies');
    case 'jobs':
      return path.vault(groupOf(about.id), vault, 'jobs');
    case 'locks':
      return path.vault(groupOf(about.id), vault, 'locks');
    case 'hosts':
      return '/hosts';
    case 'storage':
      return '/storage';
    case 'snapshots':
      return '/snapshots';
    case 'access':
      return '/access';
  }
}
