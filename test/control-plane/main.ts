/**
 * A control plane to try things on: prints the admin kubeconfig's path and runs until Ctrl-C.
 *
 *     node test/control-plane/main.ts
 */
import { once } from 'node:events';
import { ToolError } from '../tools/error.ts';
import { ControlPlaneError, startControlPlane } from './control-plane.ts';

try {
  const started = performance.now();
  const controlPlane = await startControlPlane();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.error(`ready in ${seconds} s at ${controlPlane.url}; Ctrl-C stops it and removes its directory`);
  const keepAlive = setInterval(() => undefined, 60_000); // A control plane alone keeps no process alive.
  const told = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  // Only now: whoever reads it may send a signal at once.
  console.log(controlPlane.adminKubeconfig);
  await told;
  clearInterval(keepAlive);
  await controlPlane.stop();
} catch (error) {
  if (!(error instanceof ToolError || error instanceof ControlPlaneError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
