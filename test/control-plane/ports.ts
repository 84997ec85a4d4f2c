/** Ports to listen on. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { ControlPlaneError } from './error.ts';

/**
 * Below the ephemeral range of Linux and macOS: otherwise, while the API server is down, a client that keeps
 * connecting can be given the very port as its own, connect to itself, and keep the server from coming back.
 */
const range = { first: 20_000, end: 30_000 } as const;
const attempts = 100;

/** A port that was free a moment ago; whoever binds it must still be ready to find it taken. */
export async function freePort(address: string): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(range.first, range.end);
    if (await isFree(port, address)) return port;
  }
  throw new ControlPlaneError(`no free port found on ${address} in ${attempts} attempts`);
}

function isFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
