import type { KubeClient, RequestOptions } from './client.ts';
import { servedResources } from './discovery.ts';
import { isNotFound, isStatus, KubeError } from './errors.ts';
import { listPages } from './list.ts';
import { asObject, type KubeObject } from './objects.ts';
import { apiPath } from './path.ts';

/** Any resource of the API. */
export interface ResourceRef {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural name. */
  readonly resource: string;
  /** Empty for objects without a namespace; for a list also for all namespaces. */
  readonly namespace: string;
}

type Options = Pick<RequestOptions, 'signal' | 'timeoutMs' | 'turn'>;

function groupPath({ group, version }: ResourceRef): string {
  return group === '' ? apiPath('api', version) : apiPath('apis', group, version);
}

function resourcePath(ref: ResourceRef): string {
  const namespace = ref.namespace === '' ? [] : ['namespaces', ref.namespace];
  return groupPath(ref) + apiPath(...namespace, ref.resource);
}

/**
 * As it is now, in etcd; undefined when there is no such object.
 * @throws KubeError also when the API server does not serve that resource: that is no answer about the object
 */
export async function getObject(
  client: KubeClient,
  ref: ResourceRef,
  name: string,
  options?: Options,
): Promise<KubeObject | undefined> {
  try {
    return asObject(await client.get(`${resourcePath(ref)}${apiPath(name)}`, options));
  } catch (error) {
    if (!isStatus(error, 404)) throw explained(error, ref, 'get');
    const problem = await notServed(client, ref, options);
    if (problem !== undefined) throw problem;
    if (!isNotFound(error)) throw error;
    return undefined;
  }
}

/** Pages of the objects that a label selector takes. */
export async function* objectPages(
  client: KubeClient,
  ref: ResourceRef,
  labelSelector: string,
  options?: Options,
): AsyncGenerator<readonly unknown[], void, undefined> {
  try {
    yield* listPages(client, resourcePath(ref), { ...options, query: { labelSelector } });
  } catch (error) {
    if (!isStatus(error, 404)) throw explained(error, ref, 'list');
    throw (await notServed(client, ref, options)) ?? error;
  }
}

/** What discovery has against asking for this resource in this way. */
async function notServed(
  client: KubeClient,
  ref: ResourceRef,
  options: Options | undefined,
): Promise<KubeError | undefined> {
  const served = await servedResources(client, groupPath(ref), options);
  const found = served?.get(ref.resource);
  const what = `${ref.resource} of ${ref.group === '' ? ref.version : `${ref.group}/${ref.version}`}`;
  if (found === undefined) {
    return misasked(`there are no ${what} here: is the CustomResourceDefinition installed, in this version?`);
  }
  if (found.namespaced && ref.namespace === '') return misasked(`${what} have a namespace: name it`);
  if (!found.namespaced && ref.namespace !== '') return misasked(`${what} have no namespace: name none`);
  return undefined;
}

function misasked(message: string): KubeError {
  return new KubeError({ kind: 'status', status: 404, reason: 'NotServed', message });
}

/** Says which rule of RBAC would allow it. */
function explained(error: unknown, { group, resource, namespace }: ResourceRef, verb: string): unknown {
  if (!isStatus(error, 403)) return error;
  const rule = JSON.stringify({ apiGroups: [group], resources: [resource], verbs: [verb] });
  const where = namespace === '' ? 'a ClusterRole' : `a Role of namespace ${namespace}, or a ClusterRole`;
  const message = `the rule ${rule} in ${where} is missing: ${error.message}`;
  return new KubeError({ kind: 'status', status: 403, reason: error.reason, message, cause: error });
}
