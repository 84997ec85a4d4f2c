import { Approver } from '../../support/approver.ts';
import { Child } from './child.ts';

/** Whoever approves, as a process of its own. */
export interface Running {
  readonly pid: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly readyAt: number;
  readonly stop: () => Promise<unknown>;
}

export interface Contestant {
  readonly name: string;
  readonly start: (kubeconfig: string) => Promise<Running>;
}

const loop = new URL('./loop.ts', import.meta.url).pathname;

/** Everybody by the name that `--only` takes. */
export function contestants(ceiling: string, program: ProgramOptions): readonly Contestant[] {
  return [
    ...[1, 16, 64].map((workers) => ({
      name: `ceiling-${String(workers)}`,
      start: (kubeconfig: string) =>
        child(ceiling, ['approve', '--kubeconfig', kubeconfig, '--workers', String(workers)]),
    })),
    { name: 'own-client-16', start: (kubeconfig) => child(process.execPath, [loop, kubeconfig, '16']) },
    { name: 'program', start: (kubeconfig) => shipped(kubeconfig, program) },
  ];
}

/** To try things with. */
export interface ProgramOptions {
  /** Lines of its configuration. */
  readonly config?: string | undefined;
  /** NODE_OPTIONS, such as `--cpu-prof --cpu-prof-dir=DIR`. */
  readonly nodeOptions?: string | undefined;
}

const now = (): number => performance.timeOrigin + performance.now();

async function child(file: string, args: readonly string[]): Promise<Running> {
  const startedAt = now();
  const running = new Child(file, args);
  if ((await running.line()) !== 'ready') throw new Error(`${file} is not ready`);
  return {
    pid: running.pid,
    startedAt,
    readyAt: now(),
    stop: async () => {
      await running.stop();
      if (running.complaint !== '') throw new Error(running.complaint);
    },
  };
}

async function shipped(kubeconfig: string, { config, nodeOptions }: ProgramOptions): Promise<Running> {
  const startedAt = now();
  const approver = await Approver.start({
    kubeconfig,
    ...(config !== undefined && { config }),
    ...(nodeOptions !== undefined && { env: { NODE_OPTIONS: nodeOptions } }),
  });
  return {
    pid: approver.process.pid ?? 0,
    startedAt,
    readyAt: now(),
    stop: async () => {
      if ((await approver.stop()) !== 0) throw new Error(approver.log.slice(-10_000));
    },
  };
}
