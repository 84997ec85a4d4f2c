import { setTimeout as sleep } from 'node:timers/promises';
import * as calls from '../kube/calls.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import { CommandError } from './error.ts';

/** How long a start waits for an API server that does not answer. A kubelet restarts us after that. */
export const reachMs = 10_000;

/**
 * Finds out that there is an API server and that it takes our credentials, or says what is wrong.
 * @param waiting is told why it is tried again
 * @returns the version of Kubernetes; empty when told to stop
 */
export async function reach(
  client: KubeClient,
  waiting: (message: string) => void,
  stopping: AbortSignal,
): Promise<string> {
  const deadline = performance.now() + reachMs;
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- trying again is the point
      return await calls.serverVersion(client, { signal: stopping, timeoutMs: reachMs });
    } catch (cause) {
      if (stopping.aborted) return '';
      const transient = cause instanceof KubeError && mayComeRight(cause);
      const message = explain(cause, client.server);
      if (!transient || performance.now() > deadline)
        throw new CommandError('ClusterUnreachable', message, { cause });
      waiting(message);
      // oxlint-disable-next-line no-await-in-loop
      await sleep(1000, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}

/** Whether waiting can help: a server that is starting, but not a certificate that is not trusted. */
function mayComeRight({ kind, status = 0, reason = '' }: KubeError): boolean {
  return kind === 'network' ? !/CERT|ISSUER|SIGNATURE|SSL|TLS/.test(reason) : status >= 500;
}
