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
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';

/** Keeps the claims index, and says which Nodes' addresses have changed. */
export function watchNodes(
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
