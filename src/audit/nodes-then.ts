import type { Gather } from '../decide/facts.ts';
import { missingNode, nodeNameOf } from '../facts/node.ts';

/**
 * Facts are those of now, but for one that the request itself has brought about: a machine that bootstraps asks for a
 * client certificate, and makes its Node with it. A Node that is no older than the moment of the decision was not there
 * then. For a node that asks for itself its Node is there first.
 */
export function nodesThen(gather: Gather): Gather {
  return async (needs, request) => {
    const gathered = await gather(needs, request);
    const { node } = gathered.facts;
    const isNode = nodeNameOf(request.requestor.username) !== undefined;
    // Both are RFC 3339 in whole seconds of UTC.
    if (isNode || node === undefined || !node.found || node.created_at < request.now) return gathered;
    return { ...gathered, facts: { ...gathered.facts, node: missingNode(node.name) } };
  };
}
