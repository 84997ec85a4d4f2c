/** What the machine must have, what of it is missing, and how to get it. */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from '../tools/run.ts';
import { makeCgroups } from './cgroups.ts';
import { unshareFlags } from './enclosure.ts';

const installMs = 600_000;

/** Commands by the Debian package that has them. */
const commands: Readonly<Record<string, readonly string[]>> = {
  containerd: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
  runc: ['runc'],
  iproute2: ['ip'],
  openssl: ['openssl'],
  'util-linux': ['unshare', 'nsenter'],
  mount: ['mount'],
};

/** Each a line of shell that runs in the new namespaces, by what it tells when it fails. */
const probes: Readonly<Record<string, string>> = {
  'mounting a tmpfs': 'mount -t tmpfs tmpfs /run',
  'mounting an overlay over a tmpfs':
    'mkdir /run/upper /run/work && mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc',
  'a network bridge (kernel module bridge)': 'ip link add br0 type bridge',
  'a pair of virtual network devices (kernel module veth)': 'ip link add v1 type veth peer name v2',
  'a cgroup namespace': 'unshare --cgroup true',
  'a host name of its own': 'unshare --uts sh -c "echo machine > /proc/sys/kernel/hostname"',
};

/** Makes the cgroups on the way. What is missing, each in a line that says what to do; none if the story can be told. */
export async function missingOf(): Promise<string[]> {
  if (process.platform !== 'linux') return [`Linux: this is ${process.platform}`];
  const missing = missingPackages();
  if (missing.length > 0)
    return [`${missing.join(', ')}: apt-get install -y --no-install-recommends ${missing.join(' ')}`];
  if (process.getuid?.() !== 0)
    return ['root: kubelets, containerd and network namespaces need it; run it with sudo -E'];
  return [...(await missingNamespaces()), ...missingCgroups()];
}

/** Installs the missing packages where that is ours to do: as root, with apt-get. No service is started by it. */
export async function installMissing(say: (text: string) => void): Promise<void> {
  const packages = missingPackages();
  if (packages.length === 0 || process.getuid?.() !== 0 || find('apt-get') === undefined) return;
  say(`installing ${packages.join(', ')}`);
  // Debian's containerd would start a service. Masked until the next boot, unless it is unmasked.
  const mask = existsSync('/run/systemd/system') && packages.includes('containerd');
  if (mask) await run('systemctl', ['mask', '--runtime', 'containerd.service']);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  let result = await run('apt-get', install, { env, timeoutMs: installMs });
  if (result.kind !== 'exit' || result.code !== 0) {
    await run('apt-get', ['update'], { env, timeoutMs: installMs });
    result = await run('apt-get', install, { env, timeoutMs: installMs });
  }
  if (mask) await run('systemctl', ['unmask', '--runtime', 'containerd.service']);
  if (result.kind !== 'exit' || result.code !== 0) say(result.stderr.trim());
}

function missingPackages(): string[] {
  return Object.entries(commands)
    .filter(([, names]) => names.some((name) => find(name) === undefined))
    .map(([name]) => name);
}

function find(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

async function missingNamespaces(): Promise<string[]> {
  const script = Object.entries(probes)
    .map(([what, line]) => `echo '${what}'; ${line}`)
    .join('\n');
  const result = await run('unshare', [...unshareFlags, '--', 'sh', '-ec', script], { timeoutMs: 30_000 });
  if (result.kind === 'exit' && result.code === 0) return [];
  const what = result.stdout.trim().split('\n').at(-1) || 'namespaces for processes, mounts and network';
  return [
    `${what}: ${result.stderr.trim() || result.kind}. In a container it must be a privileged one (CAP_SYS_ADMIN, CAP_NET_ADMIN, no seccomp filter).`,
  ];
}

function missingCgroups(): string[] {
  try {
    makeCgroups();
    return [];
  } catch (error) {
    return [`writable cgroups at /sys/fs/cgroup: ${error instanceof Error ? error.message : String(error)}`];
  }
}
