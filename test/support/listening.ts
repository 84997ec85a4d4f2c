import { connect } from 'node:net';

/** Whether somebody takes connections on that port of loopback; rejects when nobody does. */
export function listening(port: number): Promise<true> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', reject);
  });
}
