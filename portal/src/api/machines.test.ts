import { QueryClient } from '@tanstack/react-query';
import { afterEach, expect, test, vi } from 'vitest';
import { machineRowQuery } from './machines';

const row = (name: string) => ({
  id: `/subscriptions/s/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/${name}`,
  name,
});

afterEach(() => void vi.unstubAllGlobals());

test('a machine is found behind a page of others with its name in theirs', async () => {
  const pages: Record<string, unknown> = {
    '/subscriptions': { value: [{ id: '/subscriptions/s' }] },
    '/subscriptions/s/providers/Stillpoint.Fabric/machines': {
      value: [row('web1'), row('web10')],
      nextLink: 'https://elsewhere/next',
    },
    '/next': { value: [row('Web')] },
  };
  vi.stubGlobal('fetch', async ({ url }: Request) => Response.json(pages[new URL(url).pathname]));
  const client = new QueryClient();
  expect(await client.fetchQuery(machineRowQuery('g', 'web'))).toEqual(row('Web'));
  expect(await client.fetchQuery(machineRowQuery('g', 'db'))).toBeNull();
});
