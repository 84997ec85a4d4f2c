import { hostname } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { Call } from '../kube/call.ts';
import { connect } from '../kube/connect.ts';
import { Pacer } from '../kube/pacer.ts';
import { createLogger } from '../observe/log.ts';
import type { ExitCode } from './error.ts';
import { exitCode } from './error.ts';
import type { IO } from './io.ts';
import { leaseAccess } from './lease.ts';
import { policyRuntime } from './policy.ts';
import { reach } from './reach.ts';
import { serve } from './serve.ts';
import { followIn } from './traced.ts';
import { tracingOf } from './tracing.ts';
import { version } from './version.ts';

export interface RunOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly bundle?: string;
  readonly data?: readonly string[];
}

/** How long a stop waits for the receiver of traces: with what is being decided, less than the 30 s that a pod has. */
const flushMs = 1_000;

/** Undefined: nothing is held back here. */
function pacerOf({ limits: { apiQps, apiBurst } }: Config, share: number): Pacer | undefined {
  if (apiQps === 0) return undefined;
  const pace = { qps: apiQps * share, burst: Math.max(1, apiBurst * share) };
  return new Pacer(pace, () => performance.now());
}

/** Runs the controller until it is told to stop. */
export async function runCommand(options: RunOptions, config: Config, io: IO): Promise<ExitCode> {
  const log = createLogger(config.log.level);
  const policy = policyRuntime(config, log, { id: hostname(), now: io.now });
  try {
    await policy.first(io.stopping);
    if (io.stopping.aborted) return exitCode.yes;
    const cluster = { kubeconfig: options.kubeconfig, context: options.context, env: io.env };
    const userAgent = `rego-csr-approver/${version}`;
    const connections = config.limits.concurrency * 3;
    const pacer = pacerOf(config, 1);
    const observe = (call: Call): void => policy.metrics.api.called(call);
    const tracing = await tracingOf(config, { log, metrics: policy.metrics, env: io.env });
    const follow = tracing && followIn(tracing);
    const client = connect(cluster, { userAgent, connections, pacer, observe, follow });
    const eventClient = connect(cluster, { userAgent, connections: 8, pacer, observe });
    // A candidate never has anybody wait: its calls come on top, a tenth as many.
    const shadowed = {
      userAgent: `${userAgent} (shadow)`,
      connections: 4,
      pacer: pacerOf(config, 0.1),
      observe,
    };
    const candidateClient = policy.candidate && connect(cluster, shadowed);
    const lease = leaseAccess(config, cluster, io.env, observe);
    try {
      const server = await reach(client, (message) => log.warn(message), io.stopping);
      if (io.stopping.aborted) return exitCode.yes;
      log.info(
        { version, server: client.server, kubernetes: server, enforcement: config.enforcement },
        'starting',
      );
      await serve({ client, eventClient, candidateClient, lease, tracing, policy, config, log, io });
      return exitCode.yes;
    } finally {
      await Promise.all([client.close(), eventClient.close(), candidateClient?.close(), lease?.close()]);
      await tracing?.stop(flushMs);
    }
  } finally {
    await policy.feed.stop();
    await policy.candidate?.stop();
    await policy.activation.close();
    // What is said of a failure comes last.
    log.flush();
  }
}
