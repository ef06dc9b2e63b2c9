import type { VaultPlace } from './VaultLayout';
import { VaultLayout } from './VaultLayout';

export default function Infrastructure({ of }: { of: VaultPlace }) {
  return (
    <VaultLayout of={of} section="infrastructure">
      …
    </VaultLayout>
  );
}
