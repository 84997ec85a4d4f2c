import { digestBytes } from '../digest.ts';
import { unpackBundle } from '../files.ts';
import { SourceError } from './error.ts';
import type { Answer } from './exchange.ts';
import { credentialsHint, RegistryAuth } from './oci-auth.ts';
import { acceptedManifests, type Layer, layerOf } from './oci-manifest.ts';
import type { OciReference } from './oci-reference.ts';
import type { BundleSource, Fetched } from './source.ts';
import { refuseStatus, type Web } from './web.ts';

/** One layer takes some hundred bytes; what registries take, 4 MiB, would be a million complaints of the schema. */
const manifestLimit = 64 * 1024;

/**
 * A bundle in an OCI registry. Its version is the digest of its layer, which is that of the archive. What a digest names
 * never changes: nothing is asked again once it was taken.
 */
export class OciSource implements BundleSource {
  readonly name: string;
  readonly #base: string;
  readonly #reference: OciReference;
  readonly #web: Web;
  readonly #auth: RegistryAuth;
  /** The manifest that was read last, and its layer. */
  #last: { readonly digest: string; readonly layer: Layer } | undefined;

  constructor(reference: OciReference, web: Web, dockerConfigFile: string | undefined) {
    const { origin, repository, tag, digest } = reference;
    const at = digest === undefined ? `:${tag ?? ''}` : `@${digest}`;
    this.name = `${origin.startsWith('https:') ? 'oci' : 'oci+http'}://${new URL(origin).host}/${repository}${at}`;
    this.#base = `${origin}/v2/${repository}`;
    this.#reference = reference;
    this.#web = web;
    this.#auth = new RegistryAuth(this.name, reference, web, dockerConfigFile);
  }

  async fetch(known: string | undefined, signal: AbortSignal): Promise<Fetched | undefined> {
    const layer = await this.#layer(known, signal);
    if (layer === undefined || layer.digest === known) return undefined;
    const { body } = await this.#get(`blobs/${layer.digest}`, { limit: layer.size, signal });
    if (digestBytes(body) !== layer.digest) throw this.#tampered('layer', layer.digest);
    return { version: layer.digest, files: await unpackBundle(body), archive: body };
  }

  /** Undefined when the registry says that it is still the manifest whose layer is known. */
  async #layer(known: string | undefined, signal: AbortSignal): Promise<Layer | undefined> {
    const { digest, tag } = this.#reference;
    const last = this.#last;
    if (digest !== undefined && last !== undefined) return last.layer;
    const path = `manifests/${digest ?? tag ?? ''}`;
    const accept = { accept: acceptedManifests };
    if (last !== undefined && last.layer.digest === known) {
      // Registries count what is pulled, and a HEAD is not.
      const { headers } = await this.#get(path, { method: 'HEAD', headers: accept, limit: 0, signal });
      if (headers['docker-content-digest'] === last.digest) return undefined;
    }
    const { headers, body } = await this.#get(path, { headers: accept, limit: manifestLimit, signal });
    const actual = digestBytes(body);
    const said = headers['docker-content-digest'];
    const expected = digest ?? (typeof said === 'string' && said.startsWith('sha256:') ? said : actual);
    if (actual !== expected) throw this.#tampered('manifest', expected);
    const type = headers['content-type'];
    const layer = layerOf(this.name, body, typeof type === 'string' ? type : undefined);
    this.#last = { digest: actual, layer };
    return layer;
  }

  /** Answers one demand for credentials; the second 401 is a refusal. */
  async #get(
    path: string,
    question: {
      readonly method?: 'HEAD';
      readonly headers?: Readonly<Record<string, string>>;
      readonly limit: number;
      readonly signal: AbortSignal;
    },
  ): Promise<Answer> {
    const url = new URL(`${this.#base}/${path}`);
    const ask = () =>
      this.#web.ask(url, {
        name: this.name,
        headers: {},
        ...question,
        authorization: this.#auth.authorization,
      });
    let answer = await ask();
    if (answer.status === 401) {
      await this.#auth.renew(answer.headers['www-authenticate'], question.signal);
      if (this.#auth.authorization !== undefined) answer = await ask();
    }
    if (answer.status !== 200) throw refuseStatus(this.name, answer, credentialsHint);
    return answer;
  }

  #tampered(what: string, digest: string): SourceError {
    return new SourceError(
      'SourceDigest',
      `bundle ${this.name}: the ${what} is not what its digest ${digest} says`,
    );
  }
}
