import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';

/** A server that listens. */
export interface Listening {
  /** The port listened on. */
  readonly port: number;
  readonly close: () => Promise<void>;
}

export interface ListenOptions {
  readonly address: string;
  readonly port: number;
  /** How long one may take to ask; half of how long one may take nothing of an answer. */
  readonly patienceMs?: number;
}

/** Serves short answers over HTTP; whoever is slow to ask or to listen is cut off, and nobody holds up the end. */
export async function listen(
  handle: RequestListener,
  { address, port, patienceMs = 5000 }: ListenOptions,
): Promise<Listening> {
  const server = createServer(
    {
      headersTimeout: patienceMs,
      requestTimeout: patienceMs,
      // Node looks for the slow ones so often; by default every 30 seconds.
      connectionsCheckingInterval: patienceMs / 5,
    },
    handle,
  );
  server.timeout = 2 * patienceMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: portOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The server listens on an address, never on a pipe. */
function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
