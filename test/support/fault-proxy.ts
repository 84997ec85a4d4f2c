import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import { kubeconfig } from '../control-plane/kubeconfig.ts';
import { Pki } from '../control-plane/pki.ts';
import { readUpstream, type Upstream } from './upstream.ts';
import { lineEditor, type Fault, type Passing } from './fault.ts';

export type { Fault, Passing } from './fault.ts';

/**
 * Stands between the program and an API server, speaks TLS to both, and makes the faults that a test asks for. Upstream
 * it is the user of the kubeconfig it was given; where that has no client certificate, bearer tokens pass through.
 */
export class FaultProxy {
  readonly #server: Server;
  readonly #upstream: Upstream;
  readonly #agent: Agent;
  readonly #ca: string;
  readonly #watches = new Set<ServerResponse>();
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
    server.on('secureConnection', (socket) => socket.on('error', () => undefined));
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

  /** Breaks every watch that is open, and nothing else. */
  cutWatches(): void {
    for (const response of this.#watches) response.destroy();
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
    if (passing.watch) {
      this.#watches.add(response);
      response.on('close', () => this.#watches.delete(response));
    }
    const fault = this.fault(passing);
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
      case 'edit-lines':
      case 'end':
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
        const body = fault?.kind === 'edit-lines' ? answer.pipe(lineEditor(fault.edit)) : answer;
        body.pipe(response);
        if (fault !== undefined && 'endAfterMs' in fault && fault.endAfterMs !== undefined) {
          setTimeout(() => {
            body.unpipe(response);
            response.end();
          }, fault.endAfterMs);
        }
      }
    });
    upstream.on('error', () => request.socket.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }
}
