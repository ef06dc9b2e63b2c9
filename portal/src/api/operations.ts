/** What goes on after the call is answered: 202 with a link that tells how far it is (API-3). */
import { ApiError, link } from './client';

interface Operation {
  status: string;
  error?: { code: string; message: string } | null;
  properties?: { jobId?: string } | null;
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** How long to wait between two looks, in milliseconds. */
const LOOK = 500;

/**
 * Waits until an operation has ended, and gives the id of its job if it has one.
 *
 * Throws the operation's error if it failed.
 */
export async function ended(response: Response): Promise<string | undefined> {
  const status = response.headers.get('azure-asyncoperation');
  const result = response.headers.get('location');
  if (response.status !== 202 && !status) return undefined;
  if (status) {
    for (;;) {
      const { data } = await link<Operation>(status);
      if (data.status === 'Succeeded') return data.properties?.jobId;
      if (data.status !== 'InProgress') {
        const error = data.error;
        throw new ApiError(200, error?.code ?? data.status, error?.message ?? '');
      }
      await pause(LOOK);
    }
  }
  while (result) {
    const answer = await link(result);
    if (answer.response.status !== 202) return undefined;
    await pause(LOOK);
  }
  return undefined;
}
