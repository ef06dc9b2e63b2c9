import type { VaultPlace } from './VaultLayout';
import { VaultLayout } from './VaultLayout';

export default function Properties({ of }: { of: VaultPlace }) {
  return (
    <VaultLayout of={of} section="properties">
      …
    </VaultLayout>
  );
}
