import { isExpired, KubeError } from '../kube/errors.ts';

/**
 * How a watch ended: `timeout` in good order, the others lead to a new list of whatever it is. `silent` may also mean that nothing
 * happened: the API server sends no bookmarks then, unless etcd reports progress to it. `asked`: by the program itself.
 */
export type WatchEnd = 'timeout' | 'early' | 'expired' | 'silent' | 'rotated' | 'asked' | 'error';

export function howEnded(error: unknown): WatchEnd {
  if (isExpired(error)) return 'expired';
  const reason = error instanceof KubeError ? error.reason : undefined;
  if (reason === 'WatchSilent') return 'silent';
  return reason === 'CredentialsRotated' ? 'rotated' : 'error';
}
