import { tick, type World } from '../world.ts';
import { laterDuration } from './rotate.ts';
import { exec, healthz, logs } from './reach.ts';

/** All of it ends at once, as machines do, and comes back with what etcd has kept. */
export async function restartControlPlane(world: World): Promise<void> {
  const { cluster } = world;
  await tick(world, 'the control plane is killed, all of it, and comes back', async () => {
    await cluster.apiserver.kill();
    await cluster.controllerManager?.kill();
    await cluster.etcd.kill();
    await cluster.etcd.start();
    await cluster.apiserver.start();
    await cluster.controllerManager?.start([laterDuration]);
  });
  await tick(world, 'kubelets are reached as before: healthz, logs, exec', async () => {
    for (const node of [world.control, world.first, world.second]) {
      await logs(world, node);
      await healthz(world, node);
      await exec(world, node);
    }
  });
}
