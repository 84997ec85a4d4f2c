import type { KubeClient, RequestOptions } from './client.ts';
import { isNotFound, KubeError } from './errors.ts';
import { asObject, type KubeObject } from './objects.ts';
import { apiPath } from './path.ts';
import type { JsonRecord } from './json.ts';

type Options = Pick<RequestOptions, 'signal' | 'timeoutMs'>;

/** One Lease (coordination.k8s.io/v1). */
export class LeaseCalls {
  readonly namespace: string;
  readonly name: string;
  readonly #client: KubeClient;

  constructor(client: KubeClient, namespace: string, name: string) {
    this.#client = client;
    this.namespace = namespace;
    this.name = name;
  }

  /** From etcd; undefined when there is none. */
  async get(options?: Options): Promise<KubeObject | undefined> {
    try {
      return asObject(await this.#client.get(this.#path(this.name), options));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** @param lease without metadata */
  async create(lease: JsonRecord, options?: Options): Promise<KubeObject> {
    const metadata = { name: this.name, namespace: this.namespace };
    return asObject(await this.#client.create(this.#path(), { ...typed(lease), metadata }, options));
  }

  /** @param lease with the resourceVersion that it was read with: another one's write in between is a 409 */
  async put(lease: JsonRecord, options?: Options): Promise<KubeObject> {
    if (asObject(lease).metadata.resourceVersion === '') {
      // Without it the last write would win, and two would lead.
      throw new KubeError({
        kind: 'protocol',
        reason: 'NoResourceVersion',
        message: 'the Lease was read without a resourceVersion',
      });
    }
    return asObject(await this.#client.put(this.#path(this.name), typed(lease), options));
  }

  #path(...name: readonly string[]): string {
    return apiPath('apis', 'coordination.k8s.io', 'v1', 'namespaces', this.namespace, 'leases', ...name);
  }
}

const typed = (lease: JsonRecord): JsonRecord => ({
  ...lease,
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
});
