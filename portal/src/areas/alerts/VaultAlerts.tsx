import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';

export default function VaultAlerts({ of }: { of: VaultPlace }) {
  return (
    <VaultLayout of={of} section="alerts">
      …
    </VaultLayout>
  );
}
