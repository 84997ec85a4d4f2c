import { recordOf, textOf, type JsonRecord } from '../../kube/json.ts';

/**
 * Whether a kubelet has put a pod there by itself. It may, into any namespace and with any labels, flags and status; only
 * for its own node, and with this annotation (admission plugin NodeRestriction).
 */
export const isMirror = (pod: JsonRecord): boolean =>
  Object.hasOwn(recordOf(recordOf(pod['metadata'])['annotations']), 'kubernetes.io/config.mirror');

/** Whether a pod is no node's word but that of one of these nodes, or of whoever may create pods there. */
export const isOfNodes = (pod: JsonRecord, nodes: ReadonlySet<string>): boolean =>
  !isMirror(pod) || nodes.has(textOf(recordOf(pod['spec'])['nodeName']));
