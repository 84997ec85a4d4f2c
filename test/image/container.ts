/** A platform's root filesystem out of the built image, and containers that run it under runc, confined as the pod says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { command } from '../../deploy/image/command.ts';
import { need } from '../../deploy/image/preflight.ts';
import { version } from '../../src/cli/version.ts';
import type { Pod } from './pod.ts';
import { runtimeDefaultSeccomp } from './seccomp.ts';

export const output = new URL('../../dist/image', import.meta.url).pathname;
export const layout = join(output, 'layout');

const runtimeConfig = z.looseObject({
  process: z.looseObject({ args: z.array(z.string()), env: z.array(z.string()) }),
  mounts: z.array(z.looseObject({ destination: z.string() })),
  linux: z.looseObject({ namespaces: z.array(z.object({ type: z.string() })) }),
});

export interface RunOptions {
  readonly pod: Pod;
  /** Instead of the pod's. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Host path by path in the container; read-only. */
  readonly mounts: Readonly<Record<string, string>>;
  /** Goes before the image's entrypoint. Then the memory limit, which an emulator's own needs exceed, does not hold. */
  readonly emulator?: string;
  /** Instead of the image's. */
  readonly entrypoint?: readonly string[];
}

/** The image of one platform, unpacked; runc's bundle directory. */
export class Unpacked {
  readonly directory: string;
  readonly #config: z.infer<typeof runtimeConfig>;

  private constructor(directory: string) {
    this.directory = directory;
    const file = readFileSync(join(directory, 'bundle/config.json'), 'utf8');
    this.#config = runtimeConfig.parse(JSON.parse(file));
  }

  static async of(arch: 'amd64' | 'arm64'): Promise<Unpacked> {
    await need(['skopeo', 'umoci', 'runc', 'qemu-aarch64-static'], (line) => console.error(line));
    const directory = mkdtempSync(join(tmpdir(), 'unpacked-'));
    const single = `${join(directory, 'layout')}:${arch}`;
    const from = `oci:${layout}:${version}`;
    await command('skopeo', ['copy', '--quiet', '--override-arch', arch, from, `oci:${single}`]);
    await command('umoci', ['unpack', '--image', single, join(directory, 'bundle')]);
    return new Unpacked(directory);
  }

  get entrypoint(): readonly string[] {
    // umoci puts the image's CMD behind it, which a pod's args replace.
    return this.#config.process.args.slice(0, -1);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Starts it; network and cgroup limits are the host's, everything that confines it is the pod's. */
  start({ pod, args, env = {}, mounts, emulator, entrypoint = this.entrypoint }: RunOptions): Container {
    const [container] = pod.containers;
    const { runAsUser: uid, runAsGroup: gid } = pod.securityContext;
    const limit = Number.parseInt(container.resources.limits.memory, 10) * 2 ** 20;
    const config = structuredClone(this.#config);
    Object.assign(config.process, {
      terminal: false,
      user: { uid, gid },
      args: [...(emulator === undefined ? [] : [emulator]), ...entrypoint, ...(args ?? container.args)],
      env: [...config.process.env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      capabilities: {},
      noNewPrivileges: !container.securityContext.allowPrivilegeEscalation,
    });
    Object.assign(config, {
      root: { path: 'rootfs', readonly: container.securityContext.readOnlyRootFilesystem },
    });
    // The host's network: the API server of the test listens on its loopback.
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== 'network');
    Object.assign(config.linux, {
      seccomp: runtimeDefaultSeccomp(),
      resources: emulator === undefined ? { memory: { limit } } : {},
    });
    config.mounts = [
      ...config.mounts.filter(({ destination }) => destination !== '/sys/fs/cgroup'),
      ...Object.entries(mounts).map(([destination, source]) => ({
        destination,
        source,
        type: 'bind',
        options: ['rbind', 'ro', 'nosuid', 'nodev'],
      })),
    ];
    const bundle = join(this.directory, 'bundle');
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
    return new Container(bundle);
  }
}

export class Container {
  readonly #id = `rego-csr-approver-test-${randomUUID()}`;
  readonly #state = mkdtempSync(join(tmpdir(), 'runc-'));
  readonly #child: ChildProcess;
  stdout = '';
  log = '';

  constructor(bundle: string) {
    this.#child = spawn('runc', ['--root', this.#state, 'run', '--bundle', bundle, this.#id], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
  }

  /** Of its first process, on the host. */
  async pid(): Promise<number> {
    const { pid }: { pid: number } = JSON.parse(
      await command('runc', ['--root', this.#state, 'state', this.#id]),
    );
    return pid;
  }

  /** Waits for its end; gives the exit code. */
  async end(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
    rmSync(this.#state, { recursive: true, force: true });
    return this.#child.exitCode;
  }

  /** As the kubelet stops it: SIGTERM, and after the grace period SIGKILL. */
  async stop(graceMs = 30_000): Promise<number | null> {
    if (this.#child.exitCode === null) {
      await command('runc', ['--root', this.#state, 'kill', this.#id, 'TERM']).catch(() => undefined);
    }
    const overdue = setTimeout(() => {
      void command('runc', ['--root', this.#state, 'delete', '--force', this.#id]);
    }, graceMs);
    try {
      return await this.end();
    } finally {
      clearTimeout(overdue);
    }
  }
}
