import { parseIP } from '../csr/ip.ts';
import type { ClusterFact } from '../decide/input.ts';
import type { EndpointSliceObject, ServiceCIDRObject, ServiceObject } from '../kube/objects.ts';

/** What configuration knows of the control plane beyond what the cluster says. Only ever adds. */
export interface ClusterConfig {
  readonly apiNames: readonly string[];
  readonly apiAddresses: readonly string[];
  readonly serviceCIDRs: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly dnsDomain: string;
}

/** What the cluster says of its own control plane. */
export interface ClusterObjects {
  /** The `kubernetes` Service of namespace default. */
  readonly service: ServiceObject;
  /** EndpointSlices of that Service. */
  readonly endpointSlices: readonly EndpointSliceObject[];
  /** ServiceCIDR objects; undefined where the API server has no such API (before 1.33). */
  readonly serviceCIDRs: readonly ServiceCIDRObject[] | undefined;
}

/**
 * Makes the `cluster` fact.
 * @throws Error when the cluster does not say where its API server is: an address that should be reserved could
 *   then be approved
 */
export function clusterFact(objects: ClusterObjects, config: ClusterConfig): ClusterFact {
  const { spec } = objects.service;
  const serviceIPs = [...spec.clusterIPs, spec.clusterIP].flatMap((text) => parseIP(text) ?? []);
  const endpoints = objects.endpointSlices
    .flatMap((slice) => slice.endpoints)
    .flatMap((endpoint) => endpoint.addresses)
    .flatMap((text) => parseIP(text) ?? []);
  if (serviceIPs.length === 0)
    throw new Error('the kubernetes Service of namespace default has no cluster IP');
  if (endpoints.length === 0) throw new Error('the kubernetes Service of namespace default has no endpoints');
  const configured = config.apiAddresses.map((text) => parseIP(text) ?? text);
  const cidrs = (objects.serviceCIDRs ?? []).flatMap((object) => object.spec.cidrs);
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  return {
    api_names: sorted([...names, `kubernetes.default.svc.${config.dnsDomain}`, ...config.apiNames]),
    api_addresses: sorted([...serviceIPs, ...endpoints, ...configured]),
    // The Service's own address is of the service range even where no range is known: no node ever has it.
    service_cidrs: sorted([...cidrs, ...config.serviceCIDRs, ...serviceIPs.map(alone)]),
    pod_cidrs: sorted(config.podCIDRs),
  };
}

/** The range of one address. */
function alone(ip: string): string {
  return `${ip}/${ip.includes(':') ? '128' : '32'}`;
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/**
 * One cluster fact for the whole process, read again when it is older than `freshMs`.
 *
 * A failed read is an error for whoever asked: an old answer may lack the address of a new API server, so it is
 * not used beyond its time.
 */
export class ClusterCache {
  readonly #load: () => Promise<ClusterFact>;
  readonly #now: () => number;
  readonly #freshMs: number;
  #fact: ClusterFact | undefined;
  #loadedAt = 0;
  #loading: Promise<ClusterFact> | undefined;

  /** @param now milliseconds of a monotonic clock */
  constructor(load: () => Promise<ClusterFact>, now: () => number, freshMs = 30_000) {
    this.#load = load;
    this.#now = now;
    this.#freshMs = freshMs;
  }

  async get(): Promise<ClusterFact> {
    if (this.#fact !== undefined && this.#now() - this.#loadedAt < this.#freshMs) return this.#fact;
    this.#loading ??= this.#refresh().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #refresh(): Promise<ClusterFact> {
    const startedAt = this.#now();
    const fact = await this.#load();
    this.#fact = fact;
    this.#loadedAt = startedAt;
    return fact;
  }
}
