import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Listening } from './listen.ts';
import { listen } from './listen.ts';

export interface AdminOptions {
  readonly address: string;
  readonly port: number;
  /** What /v1/status says; asked anew each time. Holds no credentials, and strangers' text only escaped. */
  readonly status: () => object;
  /** The same for people: a whole page of HTML, and the Content-Security-Policy that it needs. */
  readonly page: (query: URLSearchParams) => { readonly html: string; readonly policy: string };
}

/**
 * Serves /v1/status, in the shape of OPA's status API, and at / the same for people. Nothing can be changed by it, and a page of a stranger that a
 * browser near us has open cannot read it: neither by its origin, nor by a name of its own that it points here.
 */
export function serveAdmin(options: AdminOptions): Promise<Listening> {
  return listen((request, response) => {
    const write = (status: number, type: string, body: string, headers: Headers = {}): void => {
      response.writeHead(status, { 'content-type': type, ...always, ...headers }).end(body);
    };
    const send = (status: number, body: object, headers?: Headers): void =>
      write(status, 'application/json', `${JSON.stringify(body, undefined, 2)}\n`, headers);
    const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
    if (!isForUs(request, options.address)) {
      send(421, problem('HostRefused', 'the Host header must name this address, or localhost'));
    } else if (request.method !== 'GET') send(405, problem('MethodRefused', 'only GET'), { allow: 'GET' });
    else if (path === '/v1/status') send(200, { result: options.status() });
    else if (path === '/') {
      const page = options.page(new URLSearchParams(query));
      write(200, 'text/html; charset=utf-8', page.html, { 'content-security-policy': page.policy });
    } else send(404, problem('NotFound', 'there is / for people, and /v1/status'));
  }, options);
}

type Headers = Readonly<Record<string, string>>;

/** Nothing is kept, taken for something else, told to other sites, or shown by their pages. */
const always: Headers = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** Errors as OPA's API writes them. */
function problem(code: string, message: string): object {
  return { code, message };
}

/**
 * Whether a request was made for us, and not for a name that somebody else has pointed at our address (DNS rebinding): a
 * browser sends the name. An address cannot be pointed anywhere.
 */
function isForUs({ headers, socket }: IncomingMessage, address: string): boolean {
  const host = hostOf(headers.host ?? '');
  if (host === undefined) return false;
  const ours = [address, socket.localAddress].map((one) => one?.replace(/^::ffff:/, '').toLowerCase());
  return host === 'localhost' || isLoopback(host) || ours.includes(host);
}

/** The host of a Host header (RFC 9110 section 7.2), without port and brackets; undefined when it is none. */
function hostOf(header: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::[0-9]{1,5})?$/i.exec(header) ?? [];
  return (bracketed ?? plain)?.toLowerCase();
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
