import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands before a server and passes bytes on, TLS and all, until a test breaks it: connections are refused, reset,
 * delayed, cut after some bytes, or stay open in silence as when a firewall has forgotten them.
 */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: { host: string; port: number };
  readonly #pairs = new Set<{ client: Socket; upstream: Socket }>();
  #frozen = false;
  #refusing = false;
  delayMs = 0;
  /** Each connection is reset after so many bytes of answers. */
  cutAfter = Infinity;
  accepted = 0;

  private constructor(server: Server, target: { host: string; port: number }) {
    this.#server = server;
    this.#target = target;
  }

  /** @param url of the server; only host and port count */
  static async start(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const server = createServer({ allowHalfOpen: false });
    const proxy = new TcpProxy(server, { host: hostname, port: Number(port) });
    server.on('connection', (client) => proxy.#accept(client));
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

  get open(): number {
    return this.#pairs.size;
  }

  /** Connections stay open, and nothing comes or goes any more: new ones are accepted, and silent. */
  freeze(): void {
    this.#frozen = true;
  }

  /** New connections work. The silent ones never will: they have lost what was sent. */
  thaw(): void {
    this.#frozen = false;
  }

  refuse(refusing = true): void {
    this.#refusing = refusing;
  }

  /** Ends every connection with a RST. */
  resetAll(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
  }

  async stop(): Promise<void> {
    this.resetAll();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.#target);
    const pair = { client, upstream };
    this.#pairs.add(pair);
    // Silence is for ever: a TLS stream with a hole in it is of no use.
    let silent = false;
    let answered = 0;
    const pass = (from: Socket, to: Socket, count: boolean): void => {
      from.on('data', (chunk: Buffer) => {
        silent ||= this.#frozen;
        if (silent) return;
        if (count) answered += chunk.length;
        const forward = (): void => {
          if (to.destroyed) return;
          if (answered > this.cutAfter) client.resetAndDestroy();
          else to.write(chunk);
        };
        if (this.delayMs > 0) setTimeout(forward, this.delayMs);
        else forward();
      });
    };
    pass(client, upstream, false);
    pass(upstream, client, true);
    const close = (): void => {
      if (silent && this.#pairs.has(pair) && !client.destroyed) return;
      this.#pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined);
      socket.on('end', close);
      socket.on('close', close);
    }
  }
}
