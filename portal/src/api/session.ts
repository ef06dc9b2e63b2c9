/** Who is signed in. The session is made, renewed and ended here. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import type { Schemas } from './client';
import { ApiError, link } from './client';

const SESSION = '/providers/Stillpoint.Fabric/session';

/** Who is signed in, as the server says. */
export type Session = Schemas['Session'];

/** The session, or null where nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    try {
      return (await link<Session>(SESSION)).data;
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error;
      try {
        return (await link<Session>(`${SESSION}/renew`, { method: 'POST' })).data;
      } catch (again) {
        if (again instanceof ApiError && again.status === 401) return null;
        throw again;
      }
    }
  },
  staleTime: Infinity,
  // Before the token, which is good for an hour, is over.
  refetchInterval: false,
});

export const useSession = () => useQuery(sessionQuery);

/** Signs a user in. Throws the server's refusal. */
export const signIn = async (username: string, password: string) =>
  (await link<Session>(SESSION, { method: 'POST', body: { username, password } })).data;

/** Ends the session of this browser. */
export const signOut = async () => void (await link(SESSION, { method: 'DELETE' }));

/** Changes a password, a one-time password too, which needs no session. */
export async function changePassword(
  userName: string,
  currentPassword: string,
  newPassword: string,
) {
  const body: Schemas['ChangePasswordInput'] = {
    properties: { userName, currentPassword, newPassword },
  };
  await link('/providers/Stillpoint.Fabric/changePassword', { method: 'POST', body });
}
