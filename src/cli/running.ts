import type { Config } from '../config/schema.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Logger } from '../observe/log.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { IO } from './io.ts';
import type { LeaseAccess } from './lease.ts';
import type { PolicyRuntime } from './policy.ts';

/** What a running program is made of. */
export interface Running {
  readonly client: KubeClient;
  /** For Events: where they are not taken, nothing else waits for a connection. */
  readonly eventClient: KubeClient;
  /** For what a candidate policy alone asks for: its connections are nobody else's. */
  readonly candidateClient: KubeClient | undefined;
  /** Undefined where there is no leader election. */
  readonly lease: LeaseAccess | undefined;
  /** Undefined where it is off. */
  readonly tracing: Tracing | undefined;
  readonly policy: PolicyRuntime;
  readonly config: Config;
  readonly log: Logger;
  readonly io: IO;
}
