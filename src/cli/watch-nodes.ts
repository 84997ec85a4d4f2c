import { aliveCheck } from '../controller/alive.ts';
import { Reflector } from '../controller/reflector.ts';
import type { NodeClaims } from '../facts/claims.ts';
import { ClaimsIndex, nodeClaims } from '../facts/claims.ts';
import { LiveClaims } from '../facts/live-claims.ts';
import type { AddressCap } from '../facts/node.ts';
import * as calls from '../kube/calls.ts';
import type { KubeClient } from '../kube/client.ts';
import { explain } from '../kube/explain.ts';
import { asNode } from '../kube/objects.ts';
import { resourceSource } from '../kube/source.ts';
import type { HealthCheck } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';

interface NodeWatch {
  readonly claims: LiveClaims;
  readonly reflector: Reflector<NodeClaims>;
  /** Why Nodes are not known at present, with the last error that kept them from being listed. */
  readonly problem: () => string | undefined;
  readonly live: readonly HealthCheck[];
  /** Brings the gauges up to date, before a scrape. */
  readonly measure: () => void;
}

/** Keeps the claims index, and says which Nodes' addresses have changed. */
export function watchNodes(
  client: KubeClient,
  cap: AddressCap,
  metrics: Metrics,
  log: Logger,
  changed: (name: string) => void,
): NodeWatch {
  const index = new ClaimsIndex();
  const counted = metrics.watch.of('nodes');
  let why: string | undefined;
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
      watchEnded: counted.watchEnded,
      error: (error, during) => {
        counted.error();
        why = explain(error, client.server);
        log.error({ during }, `watching Nodes: ${why}`);
      },
      listed: (objects, ms) => {
        counted.listed(objects, ms);
        why = undefined;
      },
    },
  });
  const claims = new LiveClaims(index, reflector);
  const problem = () => {
    const found = claims.problem();
    return found === undefined || why === undefined ? found : `${found}: ${why}`;
  };
  return {
    claims,
    reflector,
    problem,
    live: [aliveCheck('nodes', () => [['the watch of Nodes', reflector]])],
    measure: () => metrics.watch.measured('nodes', reflector.progressAgeMs(), reflector.size),
  };
}
