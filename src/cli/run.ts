import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import { Controller } from '../controller/controller.ts';
import { Reflector } from '../controller/reflector.ts';
import { refusals } from '../csr/refusals.ts';
import type { Policies } from '../decide/decide.ts';
import { decide } from '../decide/decide.ts';
import { hostReasons } from '../decide/host-reasons.ts';
import type { NodeClaims } from '../facts/claims.ts';
import { ClaimsIndex, nodeClaims } from '../facts/claims.ts';
import { ClusterCache, clusterFact } from '../facts/cluster.ts';
import { LiveClaims } from '../facts/live-claims.ts';
import { liveGather } from '../facts/live.ts';
import type { AddressCap } from '../facts/node.ts';
import { nodeUser } from '../facts/node.ts';
import * as calls from '../kube/calls.ts';
import type { KubeClient } from '../kube/client.ts';
import { connect } from '../kube/connect.ts';
import { KubeError } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import { asNode } from '../kube/objects.ts';
import { resourceSource } from '../kube/source.ts';
import { VerdictEvents } from '../observe/events.ts';
import { serveHealth } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { messageOf } from '../text/message.ts';
import type { ExitCode } from './error.ts';
import { CommandError, exitCode } from './error.ts';
import type { IO } from './io.ts';
import { loadPolicies } from './policies.ts';
import { version } from './version.ts';

export interface RunOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly bundle?: string;
}

/** How long a start waits for an API server that does not answer. A kubelet restarts us after that. */
const startMs = 10_000;

/** How long a stop waits for what is being decided; below the 30 s that Kubernetes grants a pod. */
const stopMs = 20_000;

/** Each fact has its own deadline, so that a slow one cannot hold a worker for long. */
const factTimeout = { timeoutMs: 5_000 };

/** Runs the controller until it is told to stop. */
export async function runCommand(options: RunOptions, config: Config, io: IO): Promise<ExitCode> {
  const log = createLogger(config.log.level);
  const policies = await loadPolicies(config, options.bundle);
  const client = connect(
    { kubeconfig: options.kubeconfig, context: options.context, env: io.env },
    { userAgent: `rego-csr-approver/${version}`, connections: config.limits.concurrency * 3 },
  );
  try {
    const server = await reach(client, log, io.stopping);
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

/** Finds out that there is an API server and that it takes our credentials, or says what is wrong. */
async function reach(client: KubeClient, log: Logger, stopping: AbortSignal): Promise<string> {
  const deadline = performance.now() + startMs;
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- trying again is the point
      return await calls.serverVersion(client, { signal: stopping, timeoutMs: startMs });
    } catch (cause) {
      if (stopping.aborted) return '';
      const transient = cause instanceof KubeError && mayComeRight(cause);
      const message = explain(cause, client.server);
      if (!transient || performance.now() > deadline)
        throw new CommandError('ClusterUnreachable', message, { cause });
      log.warn(message);
      // oxlint-disable-next-line no-await-in-loop
      await sleep(1000, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}

/** Whether waiting can help: a server that is starting, but not a certificate that is not trusted. */
function mayComeRight({ kind, status = 0, reason = '' }: KubeError): boolean {
  return kind === 'network' ? !/CERT|ISSUER|SIGNATURE|SSL|TLS/.test(reason) : status >= 500;
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
  const cap = {
    maxNodeAddresses: config.limits.maxNodeAddresses,
    exemptNodes: new Set(config.limits.exemptNodes),
  };
  const nodes = watchNodes(client, cap, metrics, log, (name) => controller.redecide(nodeUser(name)));
  const gather = liveGather({
    getNode: (name) => calls.getNode(client, name, factTimeout),
    reviewAccess: (spec) => calls.createSubjectAccessReview(client, spec, factTimeout),
    cluster: new ClusterCache(
      () => readCluster(client, config),
      () => performance.now(),
    ),
    claims: nodes.claims,
    cap,
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
    ready: [...controller.ready, { name: 'nodes', problem: () => nodes.claims.problem() }],
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
    sleep(startMs, undefined, { ref: false }),
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

/** Keeps the claims index, and says which Nodes' addresses have changed. */
function watchNodes(
  client: KubeClient,
  cap: AddressCap,
  metrics: Metrics,
  log: Logger,
  changed: (name: string) => void,
): { claims: LiveClaims; reflector: Reflector<NodeClaims> } {
  const index = new ClaimsIndex();
  const reflector = new Reflector<NodeClaims>({
    source: resourceSource(client, calls.NODE_PATH),
    project: (object) => nodeClaims(asNode(object), cap),
    handler: {
      onUpsert: (node, before) => {
        index.upsert(node);
        if (before?.keys.join() !== node.keys.join()) changed(node.name);
      },
      onDelete: (node) => index.delete(node.name),
    },
    observer: {
      error: (error, during) => {
        metrics.watchErrors.inc({ resource: 'nodes' });
        log.error({ during }, `watching Nodes: ${explain(error, client.server)}`);
      },
    },
  });
  return { claims: new LiveClaims(index, reflector), reflector };
}

async function readCluster(client: KubeClient, config: Config) {
  const [service, endpointSlices, serviceCIDRs] = await Promise.all([
    calls.getService(client, 'default', 'kubernetes', factTimeout),
    calls.listEndpointSlices(client, 'default', 'kubernetes', factTimeout),
    calls.listServiceCIDRs(client, factTimeout),
  ]);
  return clusterFact({ service, endpointSlices, serviceCIDRs }, config.cluster);
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
