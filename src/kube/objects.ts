import { KubeError } from './errors.ts';
import { isRecord, listOf, recordOf, textMapOf, textOf, textsOf, type JsonRecord } from './json.ts';

interface ObjectMeta extends JsonRecord {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Any object of the API. Only what every object must have is checked; the rest is the reader's to check. */
export interface KubeObject extends JsonRecord {
  readonly metadata: ObjectMeta;
}

/** @throws KubeError (protocol) for what is not an object of the API */
export function asObject(value: unknown): KubeObject {
  if (isObject(value)) return value;
  throw new KubeError({ kind: 'protocol', reason: 'NotAnObject', message: 'not a Kubernetes object' });
}

function isObject(value: unknown): value is KubeObject {
  if (!isRecord(value) || !isRecord(value['metadata'])) return false;
  const { name, uid, resourceVersion } = value['metadata'];
  return (
    typeof name === 'string' && name !== '' && typeof uid === 'string' && typeof resourceVersion === 'string'
  );
}

/** A bookmark's object has nothing but a resourceVersion: everything up to it has been sent. */
export function bookmarkVersion(value: unknown): string {
  const version = textOf(recordOf(recordOf(value)['metadata'])['resourceVersion']);
  if (version !== '') return version;
  throw new KubeError({
    kind: 'protocol',
    reason: 'NotABookmark',
    message: 'a bookmark without resourceVersion',
  });
}

/** What decisions read of a Node; images, conditions and managedFields are left behind. Written by the node itself. */
export interface NodeObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp: string | undefined;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly providerID: string };
  readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
}

export function asNode(value: unknown): NodeObject {
  const object = asObject(value);
  const { metadata } = object;
  const deleted = textOf(metadata['deletionTimestamp']);
  return {
    metadata: {
      name: metadata.name,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      creationTimestamp: textOf(metadata['creationTimestamp']),
      deletionTimestamp: deleted === '' ? undefined : deleted,
      labels: textMapOf(metadata['labels']),
      annotations: textMapOf(metadata['annotations']),
    },
    spec: { providerID: textOf(recordOf(object['spec'])['providerID']) },
    status: {
      addresses: listOf(recordOf(object['status'])['addresses']).map((entry) => {
        const { type, address } = recordOf(entry);
        return { type: textOf(type), address: textOf(address) };
      }),
    },
  };
}

/** The API server's own addresses, from discovery objects that the control plane writes. */
export interface ServiceObject {
  readonly spec: { readonly clusterIP: string; readonly clusterIPs: readonly string[] };
}
export interface EndpointSliceObject {
  readonly endpoints: readonly { readonly addresses: readonly string[] }[];
}
export interface ServiceCIDRObject {
  readonly spec: { readonly cidrs: readonly string[] };
}

export function asService(value: unknown): ServiceObject {
  const spec = recordOf(asObject(value)['spec']);
  return { spec: { clusterIP: textOf(spec['clusterIP']), clusterIPs: textsOf(spec['clusterIPs']) } };
}

export function asEndpointSlice(value: unknown): EndpointSliceObject {
  const endpoints = listOf(asObject(value)['endpoints']);
  return {
    endpoints: endpoints.map((endpoint) => ({ addresses: textsOf(recordOf(endpoint)['addresses']) })),
  };
}

export function asServiceCIDR(value: unknown): ServiceCIDRObject {
  return { spec: { cidrs: textsOf(recordOf(asObject(value)['spec'])['cidrs']) } };
}
