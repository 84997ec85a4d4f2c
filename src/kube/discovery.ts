import type { KubeClient, RequestOptions } from './client.ts';
import { isStatus } from './errors.ts';
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
  options?: Pick<RequestOptions, 'signal' | 'timeoutMs' | 'turn'>,
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
    // A group that nobody has defined is answered by a bare page, one of a missing version by a Status.
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}
