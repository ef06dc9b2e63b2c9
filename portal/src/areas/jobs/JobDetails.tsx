import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';

export default function JobDetails({ of }: { of: VaultPlace; job: string }) {
  return (
    <VaultLayout of={of} section="jobs">
      …
    </VaultLayout>
  );
}
