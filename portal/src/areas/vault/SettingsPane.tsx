/** The panes of a vault's settings: each is one, wherever it is opened from. */
import { BackupConfiguration } from './BackupConfiguration';
import { SecuritySettings } from './SecuritySettings';
import { TagsPane } from './TagsPane';
import type { VaultPlace } from './VaultLayout';

export const SETTINGS_PANES = ['backup', 'security', 'tags'] as const;
export type SettingsPaneName = (typeof SETTINGS_PANES)[number];

const PANES = { backup: BackupConfiguration, security: SecuritySettings, tags: TagsPane };

export function SettingsPane(props: {
  of: VaultPlace;
  pane: SettingsPaneName | undefined;
  onClose: () => void;
}) {
  if (!props.pane) return null;
  const Pane = PANES[props.pane];
  return <Pane of={props.of} onClose={props.onClose} />;
}
