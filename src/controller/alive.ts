import type { HealthCheck } from '../observe/health.ts';
import type { WorkQueue } from './queue.ts';
import type { Reflector } from './reflector.ts';

/** Lists, watches and pauses are all shorter: a loop that has done nothing for so long will never do anything. */
const maxIdleMs = 300_000;

/** A kubelet waits so long. If all our tries have failed for that time, the fault may be in this process. */
const maxAgeMs = 15 * 60 * 1000;

/**
 * Fails when only a restart can help. A server that does not answer is no such case at first: a program that is started
 * again and again finds it later, not sooner.
 */
export function aliveCheck(
  name: string,
  watches: () => Iterable<
    readonly [string, Pick<Reflector<unknown>, 'idleMs' | 'progressAgeMs' | 'hasSynced'>]
  >,
): HealthCheck {
  return {
    name,
    problem: () => {
      const problems = [...watches()].flatMap(([what, watch]) =>
        lifeless(watch).map((why) => `${what} ${why}`),
      );
      return problems.length === 0 ? undefined : problems.join('; ');
    },
  };
}

/** The same of a loop that works: each piece of work has deadlines, and is finished long before. */
export function worksCheck(name: string, queue: Pick<WorkQueue, 'stillMs' | 'ready'>): HealthCheck {
  return {
    name,
    problem: () => {
      const still = queue.stillMs();
      if (still <= maxIdleMs) return undefined;
      return `no request has been taken up or finished for ${seconds(still)} s, and ${String(queue.ready)} wait`;
    },
  };
}

function lifeless(watch: Pick<Reflector<unknown>, 'idleMs' | 'progressAgeMs' | 'hasSynced'>): string[] {
  const [idle, age] = [watch.idleMs(), watch.progressAgeMs()];
  if (idle > maxIdleMs) return [`has tried nothing for ${seconds(idle)} s`];
  if (watch.hasSynced && age > maxAgeMs) return [`has been without an answer for ${seconds(age)} s`];
  return [];
}

const seconds = (ms: number): string => String(Math.round(ms / 1000));
