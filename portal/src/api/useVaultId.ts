import { useSubscription } from './subscription';

/** The id of a vault, once the subscription is known. */
export function useVaultId(group: string, vault: string): string | undefined {
  const subscription = useSubscription();
  if (!subscription) return undefined;
  return `${subscription.id}/resourceGroups/${group}/providers/Microsoft.RecoveryServices/vaults/${vault}`;
}
