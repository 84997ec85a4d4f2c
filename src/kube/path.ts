import { KubeError } from './errors.ts';

/**
 * CSR names are any path segment (SEMANTICS.md §3.3): spaces, newlines, `?`, `#`, Unicode. What a parser between us and
 * the API server could read as another path is refused, not cleaned.
 */
function segment(text: string): string {
  if (text === '' || text === '.' || text === '..' || !text.isWellFormed()) {
    throw new KubeError({
      kind: 'protocol',
      reason: 'InvalidName',
      message: `not a name that can be asked for: ${JSON.stringify(text)}`,
    });
  }
  return encodeURIComponent(text);
}

/** `apiPath('apis', 'certificates.k8s.io', 'v1', 'certificatesigningrequests', name, 'approval')` */
export function apiPath(...segments: readonly string[]): string {
  return `/${segments.map(segment).join('/')}`;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export function withQuery(path: string, query: Query | undefined): string {
  if (query === undefined) return path;
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}
