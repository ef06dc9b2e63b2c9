import { expect, test } from 'vitest';
import type { Item } from '../../api/items';
import { deleteCommand } from './equals';

test('VAULT-20: what deletes backup data says why, where the activity log takes it from', () => {
  const id =
    '/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v' +
    '/backupFabrics/Azure/protectionContainers/c/protectedItems/VM;iaasvmcontainerv2;g;web';
  const item = { id, properties: { friendlyName: 'web' } } as Item;
  const said = deleteCommand(item, 'Other: it’s & gone');
  expect(said.rest).toEqual({
    method: 'DELETE',
    path: `${id}?reason=Other%3A%20it%E2%80%99s%20%26%20gone`,
  });
  expect(said.stillpoint).toContain("--reason 'Other: it’s & gone'");
  expect(said.az).toBeUndefined();
  expect(deleteCommand(item, '').rest).toEqual({ method: 'DELETE', path: id });
});
