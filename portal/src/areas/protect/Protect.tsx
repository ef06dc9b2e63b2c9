import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';

export default function Protect({ of }: { of: VaultPlace }) {
  return (
    <VaultLayout of={of} section="">
      …
    </VaultLayout>
  );
}
