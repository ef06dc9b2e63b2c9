import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';

export default function VaultPolicies({ of }: { of: VaultPlace }) {
  return (
    <VaultLayout of={of} section="policies">
      …
    </VaultLayout>
  );
}
