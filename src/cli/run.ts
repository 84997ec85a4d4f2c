import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import { Controller } from '../controller/controller.ts';
import { refusals } from '../csr/refusals.ts';
import type { Policies } from '../decide/decide.ts';
import { decide } from '../decide/decide.ts';
import { hostReasons } from '../decide/host-reasons.ts';
import { liveGather } from '../facts/live.ts';
import { nodeUser } from '../facts/node.ts';
import * as calls from '../kube/calls.ts';
import type { KubeClient } from '../kube/client.ts';
import { connect } from '../kube/connect.ts';
import { explain } from '../kube/explain.ts';
import { VerdictEvents } from '../observe/events.ts';
import { serveHealth } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { messageOf } from '../text/message.ts';
import { clusterSources, factTimeout } from './cluster-facts.ts';
import type { ExitCode } from './error.ts';
import { CommandError, exitCode } from './error.ts';
import type { IO } from './io.ts';
import { loadPolicies } from '../activation/load.ts';
import { reach, reachMs } from './reach.ts';
import { version } from './version.ts';
import { watchNodes } from './watch-nodes.ts';

export interface RunOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly bundle?: string;
}

/** How long a stop waits for what is being decided; below the 30 s that Kubernetes grants a pod. */
const stopMs = 20_000;

/** Runs the controller until it is told to stop. */
export async function runCommand(options: RunOptions, config: Config, io: IO): Promise<ExitCode> {
  const log = createLogger(config.log.level);
  const policies = await loadPolicies(config, options.bundle);
  const client = connect(
    { kubeconfig: options.kubeconfig, context: options.context, env: io.env },
    { userAgent: `rego-csr-approver/${version}`, connections: config.limits.concurrency * 3 },
  );
  try {
    const server = await reach(client, (message) => log.warn(message), io.stopping);
    if (io.stopping.aborted) return exitCode.yes;
    log.info(
      { version, server: client.server, kubernetes: server, enforcement: config.enforcement },
      'starting',
    );
    await serve(client, policies, config, log, io);
    return exitCode.yes;
  } finally {
    await client.close();
  }
}

async function serve(
  client: KubeClient,
  policies: Policies,
  config: Config,
  log: Logger,
  io: IO,
): Promise<void> {
  const known = knownCodes(policies);
  const metrics = new Metrics(version, () => known);
  const sources = clusterSources(client, config);
  const nodes = watchNodes(client, sources.cap, metrics, log, (name) => controller.redecide(nodeUser(name)));
  const gather = liveGather({
    ...sources,
    claims: nodes.claims,
    countPending: async (request) => controller.pending(request),
  });
  const events = new VerdictEvents(
    {
      createEvent: (namespace, event) => calls.createEvent(client, namespace, event, factTimeout),
      failed: (cause) => {
        metrics.eventErrors.inc();
        log.warn(`could not write an Event: ${explain(cause, client.server)}`);
      },
    },
    hostname(),
    io.now,
  );
  const controller = new Controller({
    client,
    signers: config.signers,
    concurrency: config.limits.concurrency,
    enforcement: config.enforcement,
    onDeny: config.onDeny,
    decide: (request) => decide(request, gather, policies, { now: io.now(), limits: config.limits }),
    approvedBy: ({ signerName }) => approvedBy(policies, signerName),
    metrics,
    events,
    log,
    now: io.now,
  });
  const health = await serveHealth({
    ...config.server,
    live: controller.live,
    ready: [...controller.ready, { name: 'nodes', problem: nodes.problem }],
    registry: metrics.registry,
    beforeScrape: () => {
      controller.measure();
      const age = nodes.reflector.progressAgeMs();
      if (Number.isFinite(age)) metrics.watchAge.set({ resource: 'nodes' }, age / 1000);
    },
  }).catch((cause: unknown) => {
    throw new CommandError('PortUnavailable', `cannot listen: ${messageOf(cause)}`, { cause });
  });
  log.info({ address: config.server.address, port: health.port }, 'serving /livez, /readyz and /metrics');
  nodes.reflector.start();
  // Before the first list every decision would be an error. If it does not come, the errors say so on the requests.
  await Promise.race([
    nodes.reflector.whenSynced(),
    stopped(io.stopping),
    sleep(reachMs, undefined, { ref: false }),
  ]);
  controller.start();
  await stopped(io.stopping);
  log.info('stopping');
  const finished = await controller.stop(stopMs);
  await nodes.reflector.stop();
  await health.close();
  log.info({ finished }, 'stopped');
}

/** Every reason code that is declared anywhere: what a metric's label may say. */
function knownCodes({ floor, signers }: Policies): ReadonlySet<string> {
  const declared = [floor.codes, ...[...signers.values()].map(({ codes }) => codes)];
  return new Set([
    ...Object.keys(refusals),
    ...Object.keys(hostReasons),
    ...declared.flatMap((codes) => [...codes.keys()]),
  ]);
}

/** The message of an Approved condition: by which rules, so that an audit can find them. */
function approvedBy(policies: Policies, signerName: string): string {
  const policy = policies.signers.get(signerName);
  return `allowed by ${policy?.entrypoint ?? ''} of policy revision ${policy?.revision ?? ''} (rego-csr-approver ${version})`;
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
