import type { KubeClient, RequestOptions } from './client.ts';
import { isNotFound } from './errors.ts';
import { listOf, recordOf, textOf } from './json.ts';

/** What an APIResourceList says of one resource. */
export interface ServedResource {
  readonly namespaced: boolean;
}

/**
 * Asks the API server itself which resources it serves in a group and version: the one way to tell an object that does
 * not exist from an API that does not.
 * @param path such as `/apis/networking.k8s.io/v1`
 * @returns resources by plural name; undefined where there is no such group and version, or no usable answer
 */
export async function servedResources(
  client: KubeClient,
  path: string,
  options?: Pick<RequestOptions, 'signal' | 'timeoutMs'>,
): Promise<ReadonlyMap<string, ServedResource> | undefined> {
  try {
    const { kind, resources } = await client.get(path, options);
    if (kind !== 'APIResourceList') return undefined;
    return new Map(
      listOf(resources)
        .map(recordOf)
        .map(({ name, namespaced }) => [textOf(name), { namespaced: namespaced === true }]),
    );
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
