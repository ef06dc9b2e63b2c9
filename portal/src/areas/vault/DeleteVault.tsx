import type { VaultPlace } from './VaultLayout';
import { VaultLayout } from './VaultLayout';

export default function DeleteVault({ of }: { of: VaultPlace }) {
  return (
    <VaultLayout of={of} section="delete">
      …
    </VaultLayout>
  );
}
