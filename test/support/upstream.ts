import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** How a kubeconfig of test/control-plane leads to its API server. */
export interface Upstream {
  readonly url: URL;
  readonly ca: string;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

interface KubeconfigDocument {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

export function readUpstream(file: string): Upstream {
  // oxlint-disable-next-line no-unsafe-type-assertion -- written by test/control-plane
  const { clusters, users } = parse(readFileSync(file, 'utf8')) as KubeconfigDocument;
  const cluster = clusters[0]?.cluster ?? {};
  const user = users[0]?.user ?? {};
  return {
    url: new URL(cluster['server'] ?? ''),
    ca: decode(cluster['certificate-authority-data']) ?? '',
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
}

function decode(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString();
}
