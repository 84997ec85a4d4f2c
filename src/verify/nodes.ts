import type { NodeObject } from '../kube/objects.ts';
import type { CaseDefinition, World } from './case.ts';

/** When the Nodes of a world were created, unless a case says otherwise: well before any request. */
const createdAt = '2001-01-01T00:00:00Z';

/** The Nodes of a world with a case's changes, as the API server would show them. */
export function nodesOf(
  world: World | undefined,
  changed: NonNullable<CaseDefinition['nodes']>,
): NodeObject[] {
  const known = world?.nodes ?? {};
  const names = new Set([...Object.keys(known), ...Object.keys(changed)]);
  return [...names].map((name) => {
    const given = changed[name] ?? {};
    return {
      metadata: {
        name,
        uid: `uid-of-${name}`,
        resourceVersion: '1',
        creationTimestamp: given.created_at ?? createdAt,
        deletionTimestamp: given.deleting === true ? createdAt : undefined,
        labels: given.labels ?? world?.labels[name] ?? {},
        annotations: given.annotations ?? {},
      },
      spec: { providerID: given.provider_id ?? '' },
      status: { addresses: given.addresses ?? known[name] ?? [] },
    };
  });
}
