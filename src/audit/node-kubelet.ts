import { parseIP } from '../csr/ip.ts';
import { listOf, recordOf, textOf } from '../kube/json.ts';
import { asObject } from '../kube/objects.ts';
import type { Target } from './handshake.ts';

/** Where the kubelet of a Node is: what is kept of a Node, so that 15,000 of them fit into little memory. */
export interface NodeKubelet {
  readonly node: string;
  /** Or what is missing. */
  readonly target: Target | string;
}

/** Where the API server finds it with `--kubelet-preferred-address-types=InternalIP,…`, as kubeadm sets it. */
export function kubeletOf(node: unknown): NodeKubelet {
  const object = asObject(node);
  return { node: object.metadata.name, target: targetOf(recordOf(object['status'])) };
}

function targetOf(status: Readonly<Record<string, unknown>>): Target | string {
  const internal = listOf(status['addresses'])
    .map(recordOf)
    .find(({ type }) => type === 'InternalIP');
  const address = parseIP(textOf(internal?.['address']));
  if (address === undefined) return 'the Node lists no InternalIP';
  const port = recordOf(recordOf(status['daemonEndpoints'])['kubeletEndpoint'])['Port'];
  if (typeof port !== 'number' || port === 0) return 'the Node names no port of its kubelet';
  return { address, port };
}
