import { stat } from 'node:fs/promises';
import { imageName } from './image.ts';
import type { Daemon, Machine } from './machine.ts';
import type { Stage } from '../demo/stage.ts';

const socket = '/run/containerd/containerd.sock';
export const runtimeEndpoint = `unix://${socket}`;
const startMs = 30_000;

/** All of it below /run of its machine. No CNI: only pods of the host's network run. */
const config = `version = 2
root = "/run/containerd/root"
state = "/run/containerd/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "/run/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${imageName}"
  # Without CAP_SYS_RESOURCE no sandbox starts otherwise.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/run/cni/bin"
    conf_dir = "/run/cni/conf"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`;

/** A containerd of the machine's own, with the one image in it. */
export async function startContainerd(stage: Stage, machine: Machine, image: Uint8Array): Promise<Daemon> {
  machine.write('/run/containerd/config.toml', config);
  machine.write('/run/containerd/image.tar', image);
  const daemon = machine.start('containerd', 'containerd', ['--config=/run/containerd/config.toml']);
  stage.guard(() => daemon.expectRunning());
  stage.record(() => `${daemon.name}, the end of its log:\n${daemon.logTail(5)}`);
  await stage.until(
    async () => (await stat(machine.path(socket)).catch(() => undefined))?.isSocket() || undefined,
    startMs,
    () => `${daemon.name} has no socket`,
  );
  const ctr = ['--address', socket, '--namespace', 'k8s.io', 'images', 'import', '/run/containerd/image.tar'];
  await machine.run('ctr', ctr);
  return daemon;
}
