/**
 * Calls of the server's API. Types come from `docs/openapi.json`; there is no other way in.
 *
 * The session is a cookie that scripts can't read. A write carries a header that no other site
 * can send (docs/wire.md).
 */
import type { components } from './openapi';

export type Schemas = components['schemas'];

/** The version of Azure's API that the portal was written against. */
export const VERSION = '2025-08-01';

/** An answer that is an error: what the server said. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** The request's id, by which the server's log knows it. */
    readonly requestId?: string,
  ) {
    super(message);
  }
}

/** Nobody is signed in, or no longer. */
export const isSignedOut = (error: unknown) => error instanceof ApiError && error.status === 401;

const header = { 'x-stillpoint-csrf': '1' };

/** Reads an error's envelope; what is none is told of as it is. */
async function failure(response: Response): Promise<ApiError> {
  const id = response.headers.get('x-ms-request-id') ?? undefined;
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    return new ApiError(response.status, error.code, error.message, id);
  } catch {
    return new ApiError(response.status, `HTTP${response.status}`, text.slice(0, 500), id);
  }
}

/** Renews the session once for all that wait for it. */
let renewing: Promise<boolean> | undefined;
export function renew(): Promise<boolean> {
  renewing ??= fetch(`/providers/Stillpoint.Fabric/session/renew?api-version=${VERSION}`, {
    method: 'POST',
    headers: header,
  })
    .then((response) => response.ok)
    .catch(() => false)
    .finally(() => (renewing = undefined));
  return renewing;
}

/** The code of an error where the server did not answer at all. */
export const UNREACHABLE = 'ServerUnreachable';

const sent = (request: Request) =>
  fetch(request).catch(() => {
    throw new ApiError(0, UNREACHABLE, '');
  });

/** `fetch` with the session: an access token that is over is renewed, and the call made again. */
async function call(input: Request): Promise<Response> {
  const again = input.clone();
  const response = await sent(input);
  const signsIn = new URL(input.url).pathname.startsWith('/providers/Stillpoint.Fabric/session');
  if (response.status === 401 && !signsIn && (await renew())) return sent(again);
  return response;
}

/** A call to a link that the server gave, or to the path of a resource. */
export async function link<T>(
  url: string,
  init: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<{ data: T; response: Response }> {
  const to = new URL(url, location.origin);
  // Links begin with the public URL, which may be another name of this server.
  const local = new URL(to.pathname + to.search, location.origin);
  if (!local.searchParams.has('api-version')) local.searchParams.set('api-version', VERSION);
  const method = init.method ?? 'GET';
  const headers = new Headers(init.headers);
  if (method !== 'GET') headers.set('x-stillpoint-csrf', '1');
  if (init.body !== undefined) headers.set('content-type', 'application/json');
  const request = new Request(local, {
    method,
    headers,
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
  const response = await call(request);
  if (!response.ok) throw await failure(response);
  const text = await response.text();
  return { data: (text ? JSON.parse(text) : undefined) as T, response };
}
