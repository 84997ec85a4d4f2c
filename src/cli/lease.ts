import type { Config } from '../config/schema.ts';
import type { Call } from '../kube/call.ts';
import { connect } from '../kube/connect.ts';
import type { KubeConfigSource } from '../kube/kubeconfig.ts';
import { LeaseCalls } from '../kube/leases.ts';
import { version } from './version.ts';

/** The Lease that we take part for, and how to reach it. */
export interface LeaseAccess {
  readonly calls: LeaseCalls;
  readonly server: string;
  readonly close: () => Promise<void>;
}

/**
 * Its connections are nobody else's: however many decisions wait for one, the Lease is renewed.
 * @returns undefined where there is no election
 */
export function leaseAccess(
  { leaderElection: { enabled, namespace, name } }: Config,
  cluster: KubeConfigSource,
  env: NodeJS.ProcessEnv,
  observe: (call: Call) => void,
): LeaseAccess | undefined {
  const where = namespace ?? env['POD_NAMESPACE'] ?? '';
  if (!enabled || where === '') return undefined;
  const userAgent = `rego-csr-approver/${version} (leader election)`;
  const client = connect(cluster, { userAgent, connections: 2, observe });
  return {
    calls: new LeaseCalls(client, where, name),
    server: client.server,
    close: () => client.close(),
  };
}
