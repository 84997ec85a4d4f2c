import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import type { RequestInput } from '../decide/input.ts';
import { nodeUser } from '../facts/node.ts';
import { liveGather } from '../facts/live.ts';
import { serveAdmin } from '../observe/admin.ts';
import { serveHealth } from '../observe/health.ts';
import { ownPod, PodEvents } from '../observe/pod-events.ts';
import type { Listening } from '../observe/listen.ts';
import { RecentDecisions } from '../status/decisions.ts';
import { PendingReasons } from '../status/pending.ts';
import { messageOf } from '../text/message.ts';
import { clusterSources } from './cluster-facts.ts';
import { controllerOf } from './controller.ts';
import { leadershipOf } from './election.ts';
import { decisionLogOf } from './decision-log.ts';
import { CommandError } from './error.ts';
import { eventSink } from './events.ts';
import { reachMs } from './reach.ts';
import type { Running } from './running.ts';
import { statusOf } from './status.ts';
import { tracedSources } from './traced.ts';
import { watchNodes } from './watch-nodes.ts';

/** How long a stop waits for what is being decided; below the 30 s that Kubernetes grants a pod. */
const stopMs = 20_000;

/** Decides until told to stop. */
export async function serve(running: Running): Promise<void> {
  const { client, candidateClient, policy, config, log, io } = running;
  const { metrics, activation, feed, candidate } = policy;
  const sources = clusterSources(client, config);
  const nodes = watchNodes(client, sources.cap, metrics, log, (name) => controller.redecide(nodeUser(name)));
  const shared = {
    claims: nodes.claims,
    countPending: async (request: RequestInput) => controller.pending(request),
  };
  const shadow =
    candidateClient &&
    candidate?.shadow(liveGather({ ...clusterSources(candidateClient, config), ...shared }), activation);
  const pod = ownPod(io.env);
  const podEvents = pod && new PodEvents(pod, eventSink(running), io.now);
  const observed = {
    decisions: new RecentDecisions(() => client.now()),
    reasons: new PendingReasons(() => client.now()),
  };
  const follower = {
    lead: () => controller.lead(),
    rest: () => {
      controller.rest();
      observed.reasons.clear();
    },
  };
  const leadership = leadershipOf(running, follower, podEvents);
  const gather = liveGather(tracedSources({ ...sources, ...shared }, running.tracing), (fact, ms) =>
    metrics.stages.gathered(fact, ms),
  );
  const decisionLog = decisionLogOf({ ...running, ...policy, now: () => client.now(), env: io.env });
  const controller = controllerOf(running, gather, shadow, leadership.gate, podEvents, {
    observers: [observed.decisions, observed.reasons, decisionLog.observer],
    forgotten: (uid) => observed.reasons.forget(uid),
  });
  const live = [...controller.live, ...nodes.live];
  const ready = [
    ...policy.ready,
    ...controller.ready,
    { name: 'nodes', problem: nodes.problem },
    leadership.ready,
    decisionLog.ready,
    { name: 'shutdown', problem: () => (io.stopping.aborted ? 'told to stop' : undefined) },
  ];
  const checks = { live, ready };
  const servers = await listening(running, {
    ...checks,
    ...statusOf(running, {
      checks,
      controller,
      nodes: nodes.reflector,
      leadership,
      decisionLog,
      ...observed,
    }),
    beforeScrape: () => {
      decisionLog.measure();
      controller.measure();
      nodes.measure();
      metrics.health.measured({ livez: live, readyz: ready });
    },
  });
  policy.start();
  nodes.reflector.start();
  await firstOf(io.stopping, activation.whenActive());
  // Before the first list every decision would be an error. If it does not come, the errors say so on the requests.
  await firstOf(
    io.stopping,
    Promise.race([nodes.reflector.whenSynced(), sleep(reachMs, undefined, { ref: false })]),
  );
  if (!io.stopping.aborted) {
    controller.start();
    // Only now: whoever takes the lead is to have what it takes.
    leadership.start();
  }
  await firstOf(io.stopping);
  log.info('stopping');
  shadow?.stop();
  leadership.retire();
  const [finished] = await Promise.all([controller.stop(stopMs), feed.stop()]);
  await leadership.stop(finished);
  await nodes.reflector.stop();
  await decisionLog.stop();
  await Promise.all(servers.map((server) => server.close()));
  log.info({ finished }, 'stopped');
}

/** Both servers, or none. */
async function listening(
  { config, policy, log }: Running,
  {
    status,
    page,
    ...health
  }: Pick<Parameters<typeof serveHealth>[0], 'live' | 'ready' | 'beforeScrape'> &
    Pick<Parameters<typeof serveAdmin>[0], 'status' | 'page'>,
): Promise<readonly Listening[]> {
  const { registry } = policy.metrics;
  const first = await serveHealth({ ...config.server, ...health, registry }).catch(
    unavailable('server', config.server),
  );
  log.info({ address: config.server.address, port: first.port }, 'serving /livez, /readyz and /metrics');
  try {
    const second = await serveAdmin({ ...config.admin, status, page }).catch(
      unavailable('admin', config.admin),
    );
    log.info({ address: config.admin.address, port: second.port }, 'serving /v1/status');
    return [first, second];
  } catch (cause) {
    await first.close();
    throw cause;
  }
}

/** @param field of the configuration that says where to listen */
function unavailable(field: 'server' | 'admin', { address, port }: Config['server']) {
  return (cause: unknown): never => {
    const where = `${field}.port ${String(port)} on ${address}`;
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    const message = isTaken
      ? `${where} is in use: set another \`${field}.port\``
      : `${where} cannot be listened on: ${messageOf(cause)}: set another \`${field}.port\` or \`${field}.address\``;
    throw new CommandError('PortUnavailable', message, { cause });
  };
}

/** Until something has happened, or the program is told to stop. */
async function firstOf(stopping: AbortSignal, awaited?: Promise<unknown>): Promise<void> {
  if (stopping.aborted) return;
  const stopped = new Promise<void>((resolve) => {
    stopping.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([stopped, ...(awaited === undefined ? [] : [awaited])]);
}
