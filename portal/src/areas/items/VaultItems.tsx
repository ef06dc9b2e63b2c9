import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';

export default function VaultItems({ of }: { of: VaultPlace; isList?: boolean }) {
  return (
    <VaultLayout of={of} section="items">
      …
    </VaultLayout>
  );
}
