import { CSR_PATH } from '../kube/calls.ts';
import type { KubeClient } from '../kube/client.ts';
import { explain } from '../kube/explain.ts';
import type { KubeObject } from '../kube/objects.ts';
import { resourceSource } from '../kube/source.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { Logger } from '../observe/log.ts';
import type { WatchMetrics } from '../observe/watch-metrics.ts';
import { kept, requestOf, type Pending } from './pending.ts';
import { Reflector } from './reflector.ts';

export interface RequestWatchesOptions {
  readonly client: KubeClient;
  readonly signers: readonly string[];
  readonly metrics: WatchMetrics;
  readonly log: Logger;
  /** Told of every request, finished ones too; whether to keep it. */
  readonly wants: (request: CertificateRequest, from: 'list' | 'watch') => boolean;
  /** New or changed. */
  readonly upserted: (request: CertificateRequest) => void;
  /** Gone, or no longer wanted, or dropped. */
  readonly deleted: (request: CertificateRequest) => void;
}

/** The pending requests of the configured signers, each by a list and a watch of its own. */
export class RequestWatches {
  readonly #options: RequestWatchesOptions;
  readonly #reflectors: ReadonlyMap<string, Reflector<Pending>>;
  /** By signer: why the last list failed; gone since one has succeeded. */
  readonly #listProblems = new Map<string, string>();

  constructor(options: RequestWatchesOptions) {
    this.#options = options;
    this.#reflectors = new Map(options.signers.map((signer) => [signer, this.#reflector(signer)]));
  }

  start(): void {
    for (const reflector of this.#reflectors.values()) reflector.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#reflectors.values()].map((reflector) => reflector.stop()));
  }

  /** Lists anew: other requests are wanted than before. */
  relist(): void {
    for (const reflector of this.#reflectors.values()) reflector.relist();
  }

  find(name: string): Pending | undefined {
    for (const reflector of this.#reflectors.values()) {
      const found = reflector.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  *all(): Generator<CertificateRequest> {
    for (const reflector of this.#reflectors.values()) {
      for (const { request } of reflector.items()) yield request;
    }
  }

  drop({ signerName, name }: CertificateRequest): void {
    this.#reflectors.get(signerName)?.drop(name);
  }

  /** Each watch, with what it is called. */
  *named(): Generator<readonly [string, Reflector<Pending>]> {
    for (const [signer, reflector] of this.#reflectors)
      yield [`the watch of requests for ${signer}`, reflector];
  }

  /** Which signers' watches are so. */
  problem(isBad: (reflector: Reflector<Pending>) => boolean): string | undefined {
    const bad = [...this.#reflectors].filter(([, reflector]) => isBad(reflector)).map(([signer]) => signer);
    return bad.length === 0 ? undefined : `no watch of requests for ${bad.join(', ')}`;
  }

  /** Which signers' requests have not been listed yet, and why. */
  unlisted(): string | undefined {
    const problem = this.problem((reflector) => !reflector.hasSynced);
    // One missing permission is behind all of them.
    const [why] = this.#listProblems.values();
    return problem === undefined || why === undefined ? problem : `${problem}: ${why}`;
  }

  /** Brings the gauges up to date, before a scrape. */
  measure(): void {
    const reflectors = [...this.#reflectors.values()];
    const oldest = Math.max(...reflectors.map((reflector) => reflector.progressAgeMs()));
    const held = reflectors.reduce((sum, { size }) => sum + size, 0);
    this.#options.metrics.measured('certificatesigningrequests', oldest, held);
  }

  #reflector(signer: string): Reflector<Pending> {
    const { client, log, metrics, wants, upserted, deleted } = this.#options;
    const counted = metrics.of('certificatesigningrequests');
    return new Reflector<Pending>({
      source: resourceSource(client, CSR_PATH, { fieldSelector: `spec.signerName=${signer}` }),
      // One that is found after ten minutes is still in time: its kubelet waits for fifteen.
      listAfterWatch: true,
      project: (object: KubeObject, from) => {
        const request = requestOf(object, signer);
        return request !== undefined && wants(request, from) ? kept(request, object) : undefined;
      },
      handler: {
        onUpsert: ({ request }, before) => {
          // Gone, and made again by that name while nobody watched.
          if (before !== undefined && before.request.uid !== request.uid) deleted(before.request);
          upserted(request);
        },
        onDelete: ({ request }) => deleted(request),
      },
      observer: {
        watchEnded: counted.watchEnded,
        error: (error, during) => {
          counted.error();
          const why = explain(error, client.server);
          this.#listProblems.set(signer, why);
          log.error({ signer, during }, `watching requests: ${why}`);
        },
        listed: (objects, ms) => {
          counted.listed(objects, ms);
          this.#listProblems.delete(signer);
        },
      },
    });
  }
}
