import { isStatus } from '../kube/errors.ts';
import { readLease, released } from './lease.ts';
import type { ElectorOptions } from './options.ts';

/** Each call: what is left of a pod's grace period is short. */
const callMs = 2_000;

/** Gives the Lease back, if it is ours. Throws KubeError. */
export async function release(options: ElectorOptions): Promise<void> {
  try {
    await attempt(options);
  } catch (cause) {
    // A renewal that was given up may have arrived all the same.
    if (!isStatus(cause, 409)) throw cause;
    await attempt(options);
  }
}

async function attempt({ identity, times, store, now }: ElectorOptions): Promise<void> {
  const call = { timeoutMs: callMs };
  const lease = await store.get(call);
  // Never somebody else's; and if it becomes that now, the resourceVersion says so.
  if (lease === undefined || readLease(lease, times).holder !== identity) return;
  await store.put(released(lease, now()), call);
}
