import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import { Transform } from 'node:stream';
import { parse } from 'yaml';
import { kubeconfig } from '../control-plane/kubeconfig.ts';
import { Pki } from '../control-plane/pki.ts';

/** What the proxy does to one request instead of passing it on. */
export type Fault =
  /** A metav1.Status, as the API server would answer. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly details?: object;
    }
  /** 200, from a friendly load balancer. */
  | { readonly kind: 'html' }
  /** 200 and application/json, but not a word of JSON. */
  | { readonly kind: 'garbage' }
  /** 200 with this object, for what no real API server can be brought to say. */
  | { readonly kind: 'json'; readonly body: object }
  /** No answer, and the request does not arrive. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** It arrives when the test says so. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** The connection breaks before the request arrives. */
  | { readonly kind: 'reset' }
  /** The request arrives and takes effect; the connection breaks before the answer. */
  | { readonly kind: 'lost-answer' }
  /** It arrives and takes effect; no answer ever comes. */
  | { readonly kind: 'mute' }
  /** The connection breaks after so many bytes of the answer's body. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** Lines of a watch for which it says true are swallowed. */
  | { readonly kind: 'drop-lines'; readonly drop: (line: string) => boolean };

export interface Passing {
  readonly method: string;
  readonly url: string;
  readonly watch: boolean;
  /** Of the requests so far, from 1. */
  readonly number: number;
}

interface Upstream {
  readonly url: URL;
  readonly ca: string;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Stands between the program and an API server, speaks TLS to both, and makes the faults that a test asks for. Upstream
 * it is the user of the kubeconfig it was given; where that has no client certificate, bearer tokens pass through.
 */
export class FaultProxy {
  readonly #server: Server;
  readonly #upstream: Upstream;
  readonly #agent: Agent;
  readonly #ca: string;
  readonly passed: Passing[] = [];
  /** Undefined: passed on untouched. */
  fault: (request: Passing) => Fault | undefined = () => undefined;
  /** Told of the body of each request that is passed on. */
  onBody: (request: Passing, body: string) => void = () => undefined;

  private constructor(server: Server, upstream: Upstream, ca: string) {
    this.#server = server;
    this.#upstream = upstream;
    this.#ca = ca;
    const { cert, key } = upstream;
    this.#agent = new Agent({
      keepAlive: true,
      ca: upstream.ca,
      ...(cert !== undefined && key !== undefined && { cert, key }),
    });
  }

  static async start(upstreamKubeconfig: string): Promise<FaultProxy> {
    const pki = await Pki.create();
    const { certificate, key } = await pki.issue({
      commonName: 'fault-proxy',
      usage: 'server',
      names: ['127.0.0.1'],
    });
    const server = createServer({ cert: certificate, key });
    const proxy = new FaultProxy(server, readUpstream(upstreamKubeconfig), pki.certificate);
    server.on('request', (request, response) => proxy.#handle(request, response));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `https://127.0.0.1:${String(address.port)}`;
  }

  /** Text of a kubeconfig that leads here. */
  kubeconfig(token = 'any'): string {
    return kubeconfig(this.url, this.#ca, { token });
  }

  resetAll(): void {
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request;
    const passing = { method, url, watch: /[?&]watch=true/.test(url), number: this.passed.length + 1 };
    this.passed.push(passing);
    const fault = this.fault(passing);
    request.socket.on('error', () => undefined);
    switch (fault?.kind) {
      case 'status':
        response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
        response.end(
          JSON.stringify({
            kind: 'Status',
            status: 'Failure',
            message: 'made by the fault proxy',
            code: fault.status,
            ...(fault.details && { details: fault.details }),
          }),
        );
        return;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<html><body>Welcome to nginx!</body></html>');
        return;
      case 'garbage':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end('\u0000\u0001}{');
        return;
      case 'json':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(fault.body));
        return;
      case 'hang':
        return;
      case 'reset':
        request.socket.destroy();
        return;
      case 'delay':
        setTimeout(() => this.#forward(passing, request, response, fault), fault.ms);
        return;
      case 'hold':
        void fault.until.then(() => this.#forward(passing, request, response, fault));
        return;
      case 'lost-answer':
      case 'mute':
      case 'truncate':
      case 'drop-lines':
      case undefined:
        this.#forward(passing, request, response, fault);
    }
  }

  #forward(
    passing: Passing,
    request: IncomingMessage,
    response: ServerResponse,
    fault: Fault | undefined,
  ): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => this.onBody(passing, Buffer.concat(chunks).toString()));
    const headers = { ...request.headers, host: this.#upstream.url.host };
    if (this.#upstream.cert !== undefined) delete headers.authorization;
    const { hostname, port } = this.#upstream.url;
    const options = {
      hostname,
      port,
      path: request.url,
      method: request.method,
      headers,
      agent: this.#agent,
    };
    const upstream = httpsRequest(options, (answer) => {
      if (fault?.kind === 'lost-answer') {
        answer.resume();
        answer.on('end', () => request.socket.destroy());
        return;
      }
      if (fault?.kind === 'mute') {
        answer.resume();
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      response.flushHeaders();
      answer.on('error', () => response.destroy());
      if (fault?.kind === 'truncate') {
        let left = fault.bytes;
        answer.on('data', (chunk: Buffer) => {
          response.write(chunk.subarray(0, left));
          left -= chunk.length;
          if (left <= 0) setImmediate(() => request.socket.destroy());
        });
        answer.on('end', () => request.socket.destroy());
      } else {
        const body = fault?.kind === 'drop-lines' ? answer.pipe(lineFilter(fault.drop)) : answer;
        body.pipe(response);
      }
    });
    upstream.on('error', () => request.socket.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }
}

function lineFilter(drop: (line: string) => boolean): Transform {
  let rest = '';
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      const kept = lines.filter((line) => !drop(Buffer.from(line, 'latin1').toString('utf8')));
      done(null, kept.length === 0 ? undefined : Buffer.from(`${kept.join('\n')}\n`, 'latin1'));
    },
  });
}

interface KubeconfigDocument {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

function readUpstream(file: string): Upstream {
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
