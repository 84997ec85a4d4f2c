/** What a process has used, as the kernel counts it. */
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second: 100 on every Linux that Node.js runs on. */
const ticks = 100;

/** Milliseconds of CPU time, in steps of 10. */
export interface CPU {
  /** Of all threads, those that have ended among them. */
  readonly all: number;
  /** Of the first thread: in Node.js, everything that is JavaScript outside of worker threads. */
  readonly main: number;
  /** Of the worker threads of Node.js, in which policies are evaluated. */
  readonly policy: number;
}

/** @throws Error when the process is gone */
export function cpuMs(pid: number): CPU {
  const of = `/proc/${String(pid)}`;
  const threads = readdirSync(`${of}/task`).map((id) => ({ id, ...spent(`${of}/task/${id}/stat`) }));
  const sum = (chosen: typeof threads) => chosen.reduce((total, { ms }) => total + ms, 0);
  return {
    all: spent(`${of}/stat`).ms,
    main: sum(threads.filter(({ id }) => id === String(pid))),
    policy: sum(threads.filter(({ name }) => name === 'WorkerThread')),
  };
}

/** Name and time of a process, or of one thread (proc_pid_stat(5)). */
function spent(file: string): { readonly name: string; readonly ms: number } {
  const stat = readFileSync(file, 'utf8');
  // The name in parentheses may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
    ms: ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks,
  };
}

/** Memory in MiB: what is in use now, and the most that ever was (proc_pid_status(5)). */
export function memoryMiB(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}
