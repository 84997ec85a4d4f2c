import type { KubeClient, RequestOptions } from './client.ts';
import { servedResources } from './discovery.ts';
import { isNotFound, KubeError } from './errors.ts';
import { isRecord, listOf, recordOf, textOf, type JsonRecord } from './json.ts';
import { listAll } from './list.ts';
import {
  asEndpointSlice,
  asNode,
  asObject,
  asService,
  asServiceCIDR,
  type EndpointSliceObject,
  type KubeObject,
  type NodeObject,
  type ServiceCIDRObject,
  type ServiceObject,
} from './objects.ts';
import { apiPath } from './path.ts';

type Options = Pick<RequestOptions, 'signal' | 'timeoutMs' | 'turn'>;

export const CSR_PATH = apiPath('apis', 'certificates.k8s.io', 'v1', 'certificatesigningrequests');
export const NODE_PATH = apiPath('api', 'v1', 'nodes');

/** From etcd, not from a cache: no resourceVersion is sent. */
export async function getCSR(client: KubeClient, name: string, options?: Options): Promise<KubeObject> {
  return asObject(await client.get(`${CSR_PATH}${apiPath(name)}`, options));
}

/**
 * Writes the conditions of `csr`. The server replaces all conditions with the body's and takes uid and resourceVersion as
 * preconditions (409); without them the last write would win, so they are demanded. An answer that does not show them,
 * from a cache in between or after an admission webhook that took them away, is no success.
 */
export async function putApproval(
  client: KubeClient,
  csr: KubeObject,
  options?: Options & Pick<RequestOptions, 'wanted'>,
): Promise<KubeObject> {
  const { name, uid, resourceVersion } = csr.metadata;
  if (uid === '' || resourceVersion === '') throw new TypeError('an approval needs uid and resourceVersion');
  const body = { ...csr, apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest' };
  const written = asObject(await client.put(`${CSR_PATH}${apiPath(name, 'approval')}`, body, options));
  const shown = conditionTypes(written);
  if (written.metadata.uid === uid && conditionTypes(csr).every((type) => shown.includes(type)))
    return written;
  throw new KubeError({
    kind: 'protocol',
    reason: 'NotWritten',
    message: `the answer to the write of ${name} does not show its condition: does a proxy, or an admission webhook, take it away?`,
    uncertain: true,
  });
}

const conditionTypes = ({ status }: KubeObject): readonly string[] =>
  listOf(recordOf(status)['conditions']).map((condition) => textOf(recordOf(condition)['type']));

/** As it is now, in etcd; undefined when it does not exist. Safety rule 7: a cache may not decide for good. */
export async function getNode(
  client: KubeClient,
  name: string,
  options?: Options,
): Promise<NodeObject | undefined> {
  try {
    return asNode(await client.get(`${NODE_PATH}${apiPath(name)}`, options));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export interface ReviewSpec {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly resourceAttributes: Readonly<Record<string, string>>;
}

export interface ReviewStatus {
  readonly allowed: boolean;
  readonly denied: boolean;
  readonly reason: string;
  readonly evaluationError: string;
}

export async function createSubjectAccessReview(
  client: KubeClient,
  spec: ReviewSpec,
  options?: Options,
): Promise<ReviewStatus> {
  const path = apiPath('apis', 'authorization.k8s.io', 'v1', 'subjectaccessreviews');
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  const { status } = await client.create(path, body, options);
  if (!isRecord(status) || typeof status['allowed'] !== 'boolean') {
    throw new KubeError({ kind: 'protocol', reason: 'NoStatus', message: 'the access review has no status' });
  }
  return {
    allowed: status['allowed'],
    denied: status['denied'] === true,
    reason: textOf(status['reason']),
    evaluationError: textOf(status['evaluationError']),
  };
}

/** An events.k8s.io/v1 Event; CSRs are cluster-scoped, so theirs live in namespace default. */
export async function createEvent(
  client: KubeClient,
  namespace: string,
  event: JsonRecord,
  options?: Options & Pick<RequestOptions, 'wanted'>,
): Promise<void> {
  const path = apiPath('apis', 'events.k8s.io', 'v1', 'namespaces', namespace, 'events');
  await client.create(path, { ...event, apiVersion: 'events.k8s.io/v1', kind: 'Event' }, options);
}

export async function getService(
  client: KubeClient,
  namespace: string,
  name: string,
  options?: Options,
): Promise<ServiceObject> {
  return asService(
    await client.get(apiPath('api', 'v1', 'namespaces', namespace, 'services', name), options),
  );
}

export async function listEndpointSlices(
  client: KubeClient,
  namespace: string,
  service: string,
  options?: Options,
): Promise<EndpointSliceObject[]> {
  const path = apiPath('apis', 'discovery.k8s.io', 'v1', 'namespaces', namespace, 'endpointslices');
  const query = { labelSelector: `kubernetes.io/service-name=${service}` };
  return (await listAll(client, path, { ...options, query })).map(asEndpointSlice);
}

/** Undefined where the API server has no ServiceCIDR API (before 1.33), as its own discovery says, and only then. */
export async function listServiceCIDRs(
  client: KubeClient,
  options?: Options,
): Promise<ServiceCIDRObject[] | undefined> {
  const group = apiPath('apis', 'networking.k8s.io', 'v1');
  try {
    return (await listAll(client, `${group}/servicecidrs`, options)).map(asServiceCIDR);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const served = await servedResources(client, group, options);
    if (served === undefined || served.size === 0 || served.has('servicecidrs')) throw error;
    return undefined;
  }
}

/** For the start: are we talking to a Kubernetes API server, and to which. */
export async function serverVersion(client: KubeClient, options?: Options): Promise<string> {
  const version = textOf(recordOf(await client.get('/version', options))['gitVersion']);
  if (version !== '') return version;
  throw new KubeError({
    kind: 'protocol',
    reason: 'NotKubernetes',
    message: `${client.server} is not a Kubernetes API server`,
  });
}
