import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';

export default function VaultActivity({ of }: { of: VaultPlace }) {
  return (
    <VaultLayout of={of} section="activity">
      …
    </VaultLayout>
  );
}
