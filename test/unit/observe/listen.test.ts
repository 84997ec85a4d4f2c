import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../../src/observe/listen.ts';

async function connected(handle: RequestListener): Promise<Socket> {
  const server = await listen(handle, { address: '127.0.0.1', port: 0, patienceMs: 200 });
  onTestFinished(() => server.close());
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

test('who is slow to ask is cut off', async () => {
  const socket = await connected((_, response) => void response.end('answer'));
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
});

test('who never takes the answer is cut off', async () => {
  const size = 64 * 1024 * 1024;
  const ended = Promise.withResolvers<boolean>();
  const socket = await connected((_, response) => {
    response.once('close', () => ended.resolve(response.writableFinished));
    response.end(Buffer.alloc(size));
  });
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await Promise.race([ended.promise, sleep(10_000, 'held for ever', { ref: false })])).toBe(false);
  socket.destroy();
});
