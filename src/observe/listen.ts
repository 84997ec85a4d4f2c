import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';

/** A server that listens. */
export interface Listening {
  /** The port listened on. */
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Serves short answers over HTTP; whoever is slow to ask is cut off, and nobody holds up the end. */
export async function listen(
  handle: RequestListener,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<Listening> {
  const server = createServer(handle);
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
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
