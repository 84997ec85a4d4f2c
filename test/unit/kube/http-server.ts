import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KubeClient, type KubeClientOptions } from '../../../src/kube/client.ts';
import { Credentials } from '../../../src/kube/credentials.ts';
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts';

export type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A plain HTTP server that answers as the test says, and kubeconfigs for it. */
export class TestServer {
  readonly #server: Server;
  readonly dir = mkdtempSync(path.join(tmpdir(), 'kube-unit-'));
  readonly seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  connections = 0;
  handle: Handle = (_, response) => json(response, 200, {});
  readonly #clients: KubeClient[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<TestServer> {
    const server = createServer();
    const self = new TestServer(server);
    server.on('connection', () => (self.connections += 1));
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const { method = '', url = '', headers } = request;
        self.seen.push({ method, url, headers, body });
        self.handle(request, response, body);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return self;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${String(address.port)}`;
  }

  file(name: string, content: string): string {
    const file = path.join(this.dir, name);
    writeFileSync(file, content);
    return file;
  }

  /** @param user YAML of the user, on one line */
  kubeconfig(user = '{token: t}', server = this.url, cluster = ''): string {
    return this.file(
      'kubeconfig',
      `clusters: [{name: c, cluster: {server: "${server}", insecure-skip-tls-verify: true${cluster}}}]
users: [{name: u, user: ${user}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`,
    );
  }

  client(
    options: Partial<KubeClientOptions> & {
      user?: string;
      server?: string;
      cluster?: string;
      maxAgeMs?: number;
    } = {},
  ): KubeClient {
    const { user, server, cluster, maxAgeMs, ...rest } = options;
    const kubeconfig = this.kubeconfig(user, server, cluster);
    const client = new KubeClient({
      credentials: new Credentials({
        load: () => loadKubeConfig({ kubeconfig }),
        ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
      }),
      userAgent: 'rego-csr-approver/test',
      allowPlainHttp: true,
      timeoutMs: 2_000,
      ...rest,
    });
    this.#clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
