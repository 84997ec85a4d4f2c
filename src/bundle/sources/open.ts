import { Connections } from './connections.ts';
import { SourceError } from './error.ts';
import { defaultTimeouts, type Timeouts } from './exchange.ts';
import { FileSource } from './file.ts';
import { HttpSource } from './http.ts';
import { OciSource } from './oci.ts';
import type { Delays } from './poll.ts';
import { parseReference, type Reference } from './reference.ts';
import type { BundleSource } from './source.ts';
import { isLoopback, mayBePlain } from './redirect.ts';
import { Web } from './web.ts';

/** The part of `policy` (or `policy.shadow`) that says where its bundle comes from. */
export interface SourceConfig {
  /** A path, `https://…`, `http://…`, `oci://…` or `oci+http://…`. */
  readonly bundle: string;
  readonly polling: {
    readonly minDelaySeconds: number;
    readonly maxDelaySeconds: number;
    readonly longPollSeconds: number;
  };
  readonly credentials: {
    readonly bearerTokenFile?: string | undefined;
    readonly clientCertificateFile?: string | undefined;
    readonly clientKeyFile?: string | undefined;
    readonly dockerConfigFile?: string | undefined;
  };
  readonly caFile?: string | undefined;
  /** Any makes a signature mandatory, and then the way need not be trusted. */
  readonly keys?: Readonly<Record<string, unknown>> | undefined;
}

export interface SourceDeps {
  /** What servers are told of us. */
  readonly userAgent?: string;
  readonly timeouts?: Timeouts;
}

/** A file is looked at about once a second: an edit of a ConfigMap is to be in force soon after the kubelet has it. */
const fileDelays: Delays = { minMs: 900, maxMs: 1_100, retryBaseMs: 1_000, retryCapMs: 5_000 };

/**
 * The source that the text of `bundle` names. Asks nothing and reads no file yet.
 * @throws SourceError SourceUnsupported | SourceInvalid | SourceInsecure | SourceCredentials
 */
export function openSource(config: SourceConfig, deps: SourceDeps = {}): BundleSource {
  const { bundle, credentials, caFile, polling } = config;
  const reference = parseReference(bundle);
  if (reference.kind === 'file') return new FileSource(reference.path);
  refuseInsecure(reference, config);
  refuseCredentials(reference, credentials);
  const timeouts = deps.timeouts ?? defaultTimeouts;
  const web = new Web({
    connections: new Connections({ ...credentials, caFile }, timeouts.connectMs),
    timeouts,
    userAgent: deps.userAgent ?? 'rego-csr-approver',
    verified: isVerified(reference, config),
  });
  if (reference.kind === 'oci') return new OciSource(reference.reference, web, credentials.dockerConfigFile);
  const { bearerTokenFile } = credentials;
  return new HttpSource(reference.url, web, { bearerTokenFile, longPollSeconds: polling.longPollSeconds });
}

/** How often to ask the source that `bundle` names. */
export function delaysOf({ bundle, polling }: SourceConfig): Delays {
  if (parseReference(bundle).kind === 'file') return fileDelays;
  const maxMs = polling.maxDelaySeconds * 1000;
  return { minMs: polling.minDelaySeconds * 1000, maxMs, retryBaseMs: 1_000, retryCapMs: maxMs };
}

type Remote = Exclude<Reference, { kind: 'file' }>;

const urlOf = (reference: Remote): URL =>
  reference.kind === 'http' ? reference.url : new URL(reference.reference.origin);

/** Whether the content is checked against something that whoever is on the way cannot change. */
function isVerified(reference: Remote, { keys = {} }: SourceConfig): boolean {
  const byDigest = reference.kind === 'oci' && reference.reference.digest !== undefined;
  return byDigest || Object.keys(keys).length > 0;
}

function refuseInsecure(reference: Remote, config: SourceConfig): void {
  const url = urlOf(reference);
  if (mayBePlain(url, isVerified(reference, config))) return;
  throw new SourceError(
    'SourceInsecure',
    `bundle at ${url.host}: without TLS anybody on the way could replace the policy: use ${reference.kind === 'http' ? 'https://' : 'oci://, name a digest'}, or configure keys, so that only signed bundles are taken`,
  );
}

function refuseCredentials(reference: Remote, credentials: SourceConfig['credentials']): void {
  const { bearerTokenFile, dockerConfigFile, clientCertificateFile, clientKeyFile } = credentials;
  const url = urlOf(reference);
  const refusal = (what: string) => new SourceError('SourceCredentials', `bundle at ${url.host}: ${what}`);
  if ((clientCertificateFile === undefined) !== (clientKeyFile === undefined)) {
    throw refusal('credentials.clientCertificateFile and credentials.clientKeyFile go together');
  }
  if (reference.kind === 'oci' && bearerTokenFile !== undefined) {
    throw refusal(
      'credentials.bearerTokenFile is for https://: a registry takes credentials.dockerConfigFile',
    );
  }
  if (reference.kind === 'http' && dockerConfigFile !== undefined) {
    throw refusal(
      'credentials.dockerConfigFile is for oci://: a bundle server takes credentials.bearerTokenFile',
    );
  }
  if (bearerTokenFile !== undefined && url.protocol === 'http:' && !isLoopback(url)) {
    throw new SourceError(
      'SourceInsecure',
      `bundle at ${url.host}: a token is not sent without TLS: use https://`,
    );
  }
}
