/** The cgroups of the story's containers: the one thing that the kernel does not remove with the namespaces. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mayBeAlive, self } from '../tools/owner.ts';

const mountPoint = '/sys/fs/cgroup';
const prefix = 'rego-csr-approver-e2e';
const removeMs = 10_000;

/** Parent of a run's cgroups; says whose it is, so that what a killed run has left can be told from one that goes on. */
export const cgroupName = [prefix, self.pid, self.started].join('-');

/** The one hierarchy of version 2, or each of version 1. */
function hierarchies(): string[] {
  if (existsSync(join(mountPoint, 'cgroup.controllers'))) return [mountPoint];
  return readdirSync(mountPoint, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(mountPoint, name));
}

/** Throws where cgroups cannot be made; gives the version. */
export function probeCgroups(): 1 | 2 {
  const roots = hierarchies();
  const isUnified = roots[0] === mountPoint;
  const controllers = isUnified
    ? readFileSync(join(mountPoint, 'cgroup.controllers'), 'utf8').split(/\s+/)
    : roots.flatMap((root) => root.slice(mountPoint.length + 1).split(','));
  const missing = ['cpu', 'memory', 'pids'].filter((name) => !controllers.includes(name));
  if (missing.length > 0) throw new Error(`the cgroup controllers ${missing.join(', ')} are not there`);
  for (const root of roots) {
    mkdirSync(join(root, cgroupName));
    rmdirSync(join(root, cgroupName));
  }
  return isUnified ? 2 : 1;
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
