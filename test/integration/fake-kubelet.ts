import { createServer as createTCP, type Socket } from 'node:net';
import { createServer as createTLS } from 'node:tls';
import { asObject } from '../../src/kube/objects.ts';
import { NODE_PATH } from '../../src/kube/calls.ts';
import type { KeyAndCertificate } from '../control-plane/pki.ts';
import type { Scene } from './scene.ts';

/** What Go answers a handshake for which it has no certificate: alert, TLS 1.2, fatal, internal_error. */
const internalError = Buffer.from('15030300020250', 'hex');
const port = 10250;

interface Listening {
  close(): Promise<void>;
}

/** A loopback address that no other run uses; port 10250 is free there. */
export const freeLoopback = (): string =>
  `127.83.${String(Math.floor(process.pid / 254) % 256)}.${String((process.pid % 254) + 1)}`;

/** The TLS side of a kubelet: it shows its certificate to whoever comes, or has none. On loopback, at a kubelet's port. */
export function serveKubelet(address: string, shown: KeyAndCertificate | undefined): Promise<Listening> {
  const server =
    shown === undefined
      ? createTCP((socket) => {
          socket.on('error', () => undefined);
          socket.once('data', () => socket.end(internalError));
        })
      : createTLS({ cert: shown.certificate, key: shown.key }, (socket) => {
          socket.on('error', () => undefined);
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n');
        });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((closed) => {
      server.close(() => closed());
    });
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve({ close }));
  });
}

/** Makes the Node's kubelet the one at that address, for the API server. */
export async function reachAt(scene: Scene, node: string, address: string): Promise<void> {
  const path = `${NODE_PATH}/${node}`;
  const found = asObject(await scene.admin.get(path));
  const addresses = [{ type: 'InternalIP', address }];
  const daemonEndpoints = { kubeletEndpoint: { Port: port } };
  await scene.admin.put(`${path}/status`, { ...found, status: { addresses, daemonEndpoints } });
}
