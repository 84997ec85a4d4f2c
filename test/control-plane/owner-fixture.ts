/** A process that starts a control plane, says what is to be gone after it, and waits to be killed. */
import { startControlPlane } from './control-plane.ts';

const controlPlane = await startControlPlane();
console.log(JSON.stringify({ dir: controlPlane.dir, pids: controlPlane.pids }));
setInterval(() => undefined, 60_000);
