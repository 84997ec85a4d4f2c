/**
 * The cgroups of the story's containers: the one thing that the kernel does not remove with the namespaces. They are
 * all below one directory of ours in each hierarchy, which containers take for the root.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mayBeAlive, self } from '../tools/owner.ts';
import { command } from './command.ts';

const mountPoint = '/sys/fs/cgroup';
const prefix = 'rego-csr-approver-e2e';
const needed = ['cpu', 'memory', 'pids'] as const;
const removeMs = 10_000;

/** Says whose it is, so that what a killed run has left can be told from what one that goes on uses. */
export const cgroupName = [prefix, self.pid, self.started].join('-');

const isUnified = (): boolean => existsSync(join(mountPoint, 'cgroup.controllers'));

/** The one hierarchy of version 2, or each of version 1. */
function hierarchies(): string[] {
  if (isUnified()) return [mountPoint];
  return readdirSync(mountPoint, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(mountPoint, name));
}

/** Makes our directory in each hierarchy; throws where that cannot be, or controllers are missing. */
export function makeCgroups(): void {
  const roots = hierarchies();
  if (isUnified()) for (const name of needed) enable(name);
  for (const root of roots) mkdirSync(join(root, cgroupName), { recursive: true });
  const controllers = isUnified()
    ? readFileSync(join(mountPoint, cgroupName, 'cgroup.controllers'), 'utf8')
        .trim()
        .split(' ')
    : roots.map((root) => root.slice(mountPoint.length + 1));
  const missing = needed.filter((name) => !controllers.includes(name));
  if (missing.length > 0)
    throw new Error(`the controllers ${missing.join(', ')} are not there for us to use`);
  inheritCpuset();
}

/**
 * Shell text that becomes its arguments, in a cgroup namespace whose roots are those directories. In version 2 the
 * process then steps aside: a cgroup with processes of its own gives its children no controllers.
 */
export function joiningScript(): string {
  const directories = hierarchies().map((root) => join(root, cgroupName));
  const lines = directories.map((directory) => `echo $$ > '${directory}/cgroup.procs'`);
  if (!isUnified()) return [...lines, 'exec unshare --cgroup -- "$@"'].join('\n');
  const stepAside = 'mkdir "$0" && echo $$ > "$0/cgroup.procs" && exec "$@"';
  const aside = join(mountPoint, cgroupName, 'processes');
  return [...lines, `exec unshare --cgroup -- sh -ec '${stepAside}' '${aside}' "$@"`].join('\n');
}

/** Shows those directories to this mount namespace as the roots. */
export async function enterCgroups(name: string): Promise<void> {
  for (const root of hierarchies()) await command('mount', ['--bind', join(root, name), root]);
}

/** Removes this run's, and those of runs that are no more. */
export async function removeCgroups(): Promise<void> {
  const deadline = performance.now() + removeMs;
  for (const root of hierarchies()) {
    for (const name of readdirSync(root).filter((entry) => entry.startsWith(`${prefix}-`))) {
      const [pid = '', started = ''] = name.slice(prefix.length + 1).split('-');
      if (name !== cgroupName && mayBeAlive({ pid: Number(pid), started, host: self.host })) continue;
      // The last process may still be on its way out.
      while (!tryRemove(join(root, name)) && performance.now() < deadline) await sleep(100);
    }
  }
}

/** Version 2: children have only the controllers that their parent lets them have. */
function enable(controller: string): void {
  try {
    writeFileSync(join(mountPoint, 'cgroup.subtree_control'), `+${controller}`);
  } catch {
    // It is enabled already, or cannot be: what our directory has in the end says which.
  }
}

/** Version 1: a new cpuset has no processor, and nothing can run in it. */
function inheritCpuset(): void {
  const root = join(mountPoint, 'cpuset');
  if (isUnified() || !existsSync(root)) return;
  for (const file of ['cpuset.cpus', 'cpuset.mems'])
    writeFileSync(join(root, cgroupName, file), readFileSync(join(root, file)));
}

function tryRemove(directory: string): boolean {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory() && !tryRemove(join(directory, entry.name))) return false;
    rmdirSync(directory);
    return true;
  } catch {
    return !existsSync(directory);
  }
}
