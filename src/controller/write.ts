import type { KubeObject } from '../kube/objects.ts';

/** The two conditions that this program ever writes. */
export type WrittenCondition = 'Approved' | 'Denied';

const reasons = { Approved: 'PolicyAllowed', Denied: 'PolicyDenied' } as const;

/** Whether a condition says that this program wrote it. */
export function isOurReason(reason: string): boolean {
  return Object.values<string>(reasons).includes(reason);
}

/**
 * The object to PUT to /approval. That subresource replaces all conditions by the body's: the foreign ones are
 * carried on. The metadata is the object's own, so that uid and resourceVersion name exactly what was decided.
 */
export function withCondition(object: KubeObject, type: WrittenCondition, message: string): KubeObject {
  const others = readConditions(object);
  return {
    ...object,
    status: { conditions: [...others, { type, status: 'True', reason: reasons[type], message }] },
  };
}

function readConditions(object: KubeObject): readonly unknown[] {
  const { status } = object;
  if (typeof status !== 'object' || status === null || !('conditions' in status)) return [];
  return Array.isArray(status.conditions) ? (status.conditions as unknown[]) : [];
}
