import { SourceError } from './error.ts';

/** Where in a registry: by tag, which may move, or by digest. */
export interface OciReference {
  /** `https://HOST[:PORT]`, or with http. */
  readonly origin: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** OCI distribution specification 1.1, "Pulling manifests". */
const repository = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const tag = /^\w[\w.-]{0,127}$/;
export const sha256 = /^sha256:[0-9a-f]{64}$/;

const example = 'oci://registry.example.com/policies/kubelet:1.2 or …/kubelet@sha256:…';

/** @param text without the scheme */
export function parseOciReference(tls: boolean, text: string, shown: string): OciReference {
  const invalid = (what: string) => new SourceError('SourceInvalid', `${shown}: ${what}: ${example}`);
  if (text.split('/')[0]?.includes('@') === true && text.includes('/')) {
    throw invalid(
      'credentials do not belong in it, put them into the file that credentials.dockerConfigFile names',
    );
  }
  const [, host = '', path = '', named, digest] =
    /^([^/@]+)\/([^:@]+)(?::([^@/]*))?(?:@(.*))?$/s.exec(text) ?? [];
  const url = URL.parse(`${tls ? 'https' : 'http'}://${host}`);
  if (url === null || !/^[\w.:[\]-]+$/.test(host)) throw invalid('no host of a registry');
  if (!repository.test(path) || path.length > 255) throw invalid('no repository');
  if (named === undefined && digest === undefined) throw invalid('a tag or a digest must be named');
  if (named !== undefined && !tag.test(named)) throw invalid('no tag');
  if (digest !== undefined && !sha256.test(digest)) throw invalid('only sha256 digests are supported');
  return { origin: url.origin, repository: path, tag: named, digest };
}
