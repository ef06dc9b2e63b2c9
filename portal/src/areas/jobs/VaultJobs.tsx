import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';

export default function VaultJobs({ of }: { of: VaultPlace }) {
  return (
    <VaultLayout of={of} section="jobs">
      …
    </VaultLayout>
  );
}
