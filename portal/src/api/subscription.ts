/** The subscription: a server has one. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import type { Schemas } from './client';
import { ApiError, link } from './client';

let asked: Promise<Schemas['Subscription']> | undefined;

async function ask() {
  const { data } = await link<{ value: Schemas['Subscription'][] }>('/subscriptions');
  const [first] = data.value;
  if (!first) throw new ApiError(0, 'SubscriptionNotFound', '');
  return first;
}

/** The subscription, which is asked for once. */
export function subscription() {
  asked ??= ask().catch((error: unknown) => {
    asked = undefined;
    throw error;
  });
  return asked;
}

/** Its id: `/subscriptions/…`. */
export const subscriptionId = async () => (await subscription()).id;

export const subscriptionQuery = queryOptions({
  queryKey: ['subscription'],
  queryFn: subscription,
  staleTime: Infinity,
});

export const useSubscription = () => useQuery(subscriptionQuery).data;
