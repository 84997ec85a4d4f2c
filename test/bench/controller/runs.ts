import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import type { Contestant, Running } from './contestants.ts';
import { quantile } from './figures.ts';
import type { Load } from './load.ts';
import { cpuMs, memoryMiB } from './usage.ts';

/** Where one round takes place: a control plane, and what creates requests in it. */
export interface Scene {
  readonly load: Load;
  readonly kubeconfig: string;
  /** Lets access reviews say no to every node, or yes again. */
  readonly allow: (yes: boolean) => Promise<unknown>;
}

/** Figures of one round by name, in seconds, milliseconds, MiB. */
export type Figures = Readonly<Record<string, number>>;

/** Long enough for whatever a start has left to be done. */
const settleMs = 1_000;

/** A running process gets so many requests one after the other, and then so many at once. */
export async function burst(
  contestant: Contestant,
  scene: Scene,
  n: number,
  alone: number,
): Promise<Figures> {
  return round(contestant, scene, async ({ pid }) => {
    await sleep(settleMs);
    const idle = memoryMiB(pid);
    const lone = await scene.load.lone(Math.min(n, alone));
    await scene.load.clear();
    const before = cpuMs(pid);
    const { startedAt, createdMs } = await scene.load.create(n);
    const { approvedAt, latencies } = await scene.load.approved(n);
    const seconds = (Math.max(...approvedAt) - startedAt) / 1000;
    const after = cpuMs(pid);
    return {
      perSecond: n / seconds,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      loneP50: quantile(lone.latencies, 0.5),
      loneP99: quantile(lone.latencies, 0.99),
      cpu: (after.all - before.all) / n,
      cpuMain: (after.main - before.main) / n,
      cpuPolicy: (after.policy - before.policy) / n,
      idle: idle.now,
      peak: memoryMiB(pid).peak,
      createdPerSecond: (n / createdMs) * 1000,
    };
  });
}

/** A process is started where so many requests wait already. Times are from its start. */
export async function backlog(contestant: Contestant, scene: Scene, n: number): Promise<Figures> {
  await scene.load.create(n);
  await scene.load.seen(n);
  return round(contestant, scene, async ({ pid, startedAt, readyAt }) => {
    const { approvedAt } = await scene.load.approved(n);
    const cleared = (Math.max(...approvedAt) - startedAt) / 1000;
    return {
      ready: readyAt - startedAt,
      first: Math.min(...approvedAt) - startedAt,
      cleared,
      perSecond: n / cleared,
      cpu: cpuMs(pid).all / n,
      peak: memoryMiB(pid).peak,
    };
  });
}

/** So many Nodes, and so many requests that may not be approved yet: what they cost in memory, and then are approved. */
export async function memory(
  contestant: Contestant,
  scene: Scene,
  n: number,
  nodes: number,
): Promise<Figures> {
  await scene.load.nodes(nodes);
  await scene.allow(false);
  return round(contestant, scene, async ({ pid }) => {
    await sleep(settleMs);
    const idle = memoryMiB(pid).now;
    await scene.load.create(n);
    await scene.load.seen(n);
    // Decided, told of in an Event each, and waiting: it is at rest when it uses no more CPU time.
    let before = cpuMs(pid).all;
    await eventually(
      async () => {
        await sleep(settleMs);
        const used = cpuMs(pid).all - before;
        before += used;
        return used < settleMs / 5 ? used : undefined;
      },
      { withinMs: 60_000 },
    );
    const pending = memoryMiB(pid);
    await scene.allow(true);
    await scene.load.approved(n);
    return { idle, pending: pending.now, peakPending: pending.peak, peak: memoryMiB(pid).peak };
  });
}

/** Without anybody to approve: how fast requests can be created at all. */
export async function creation(scene: Scene, n: number): Promise<Figures> {
  const { createdMs } = await scene.load.create(n);
  await scene.load.seen(n);
  await scene.load.clear();
  return { perSecond: (n / createdMs) * 1000 };
}

async function round(
  contestant: Contestant,
  scene: Scene,
  measure: (running: Running) => Promise<Figures>,
): Promise<Figures> {
  const running = await contestant.start(scene.kubeconfig);
  try {
    return await measure(running);
  } finally {
    await running.stop();
    await scene.load.clear();
  }
}
