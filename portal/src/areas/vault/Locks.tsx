import type { VaultPlace } from './VaultLayout';
import { VaultLayout } from './VaultLayout';

export default function Locks({ of }: { of: VaultPlace }) {
  return (
    <VaultLayout of={of} section="locks">
      …
    </VaultLayout>
  );
}
