import type { Machine } from '../../api/ids';
import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';

export default function Item({ of }: { of: VaultPlace; machine: Machine }) {
  return (
    <VaultLayout of={of} section="items">
      …
    </VaultLayout>
  );
}
