import type { VaultPlace } from './VaultLayout';
import { VaultLayout } from './VaultLayout';

export default function Overview({ of }: { of: VaultPlace }) {
  return (
    <VaultLayout of={of} section="">
      …
    </VaultLayout>
  );
}
