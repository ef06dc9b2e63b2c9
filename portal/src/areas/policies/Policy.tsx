import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';

export default function Policy({ of }: { of: VaultPlace; policy: string }) {
  return (
    <VaultLayout of={of} section="policies">
      …
    </VaultLayout>
  );
}
