import type { NodeObject } from '../../../src/kube/objects.ts';
import { asNode } from '../../../src/kube/objects.ts';

/** `TYPE ADDRESS` each, as in SEMANTICS.md section 9.18. */
export function node(name: string, listed: readonly string[], metadata: object = {}): NodeObject {
  const addresses = listed.map((text) => {
    const [type = '', ...address] = text.split(' ');
    return { type, address: address.join(' ') };
  });
  return asNode({
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '7',
      creationTimestamp: '2026-11-22T05:00:00Z',
      ...metadata,
    },
    status: { addresses },
  });
}

export const cap = { maxNodeAddresses: 8, exemptNodes: new Set(['router']) };
