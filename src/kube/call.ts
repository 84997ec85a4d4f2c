import { KubeError } from './errors.ts';

/** A request to the API server that has come to its end, or a watch that has begun, or could not. */
export interface Call {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update';
  /** One of those that we know by name, with its subresource; else `other`: what policies look up, their authors choose. */
  readonly resource: string;
  /** HTTP status; or why there is none, a kind of KubeError. */
  readonly code: string;
  readonly ms: number;
}

/** A request that is about to be sent. */
interface Sending extends Pick<Call, 'verb' | 'resource'> {
  readonly method: string;
  /** Without a query. */
  readonly url: string;
}

/** What follows a request, for a trace: headers to be sent with it, and who is told how it ended. */
interface Followed {
  readonly headers: Readonly<Record<string, string>>;
  readonly ended: (code: Call['code']) => void;
}

export type Follow = (sending: Sending) => Followed | undefined;

/** What the program itself asks for: a label of a metric must have few values. */
const known: ReadonlySet<string> = new Set([
  'certificatesigningrequests',
  'certificatesigningrequests/approval',
  'endpointslices',
  'events',
  'leases',
  'nodes',
  'servicecidrs',
  'services',
  'subjectaccessreviews',
]);

/** What a request is about, in the words of Kubernetes. @param path below the server's, without a query */
export function describeCall(method: string, path: string, watch = false): Pick<Call, 'verb' | 'resource'> {
  const { resource, name } = resourceOf(path);
  const label = known.has(resource) ? resource : 'other';
  if (watch) return { verb: 'watch', resource: label };
  if (method === 'POST') return { verb: 'create', resource: label };
  if (method !== 'GET') return { verb: 'update', resource: label };
  return { verb: name === undefined && resource !== '' ? 'list' : 'get', resource: label };
}

/** The code of a request that failed. */
export function codeOf(error: unknown): string {
  if (!(error instanceof KubeError)) return 'network';
  return error.kind === 'status' && error.status !== undefined ? String(error.status) : error.kind;
}

/** `/api/V/…` and `/apis/GROUP/V/…`, of a namespace or of the cluster; anything else, such as discovery, is no resource. */
function resourceOf(path: string): { readonly resource: string; readonly name?: string | undefined } {
  const parts = path.split('/').slice(1);
  const rest = parts[0] === 'api' ? parts.slice(2) : parts[0] === 'apis' ? parts.slice(3) : [];
  const below = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest;
  const [resource = '', name, subresource] = below;
  return { resource: subresource === undefined ? resource : `${resource}/${subresource}`, name };
}
