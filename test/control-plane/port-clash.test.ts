import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { startControlPlane } from './control-plane.ts';
import { freePort } from './ports.ts';

vi.mock(import('./ports.ts'), { spy: true });

test('a port that someone takes in between is given up for another', async () => {
  const port = await freePort('127.0.0.1');
  const taken = createServer().listen(port, '127.0.0.1');
  await once(taken, 'listening');
  vi.mocked(freePort).mockResolvedValueOnce(port);
  const controlPlane = await startControlPlane({ controllerManager: false });
  expect(new URL(controlPlane.url).port).not.toBe(String(port));
  expect(controlPlane.controllerManager).toBeUndefined();
  expect(await controlPlane.kubectl(['get', '--raw', '/readyz'])).toBe('ok');
  await controlPlane.stop();
  taken.close();
});
