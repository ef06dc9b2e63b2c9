/** The points that a policy will keep over the next year. */
import type { PolicyBody } from '../../api/policies';

export function Preview({ body }: { body?: PolicyBody }) {
  return body ? null : null;
}
