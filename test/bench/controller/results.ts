import { median, spread, table } from './figures.ts';
import type { Figures } from './runs.ts';

export type Part = 'creation' | 'burst' | 'backlog' | 'memory';

/** Whom shares are of: as many workers as the program has by default. */
const reference = 'ceiling-16';

/** Every round's figures, and the tables that are made of them. */
export class Results {
  /** By part and size: by contestant, its rounds. */
  readonly #rounds = new Map<string, Map<string, Figures[]>>();

  add(part: Part, n: number, name: string, figures: Figures): void {
    const key = `${part} ${String(n)}`;
    const rounds = this.#rounds.get(key) ?? new Map<string, Figures[]>();
    this.#rounds.set(key, rounds);
    rounds.set(name, [...(rounds.get(name) ?? []), figures]);
  }

  text(): string {
    const texts = [...this.#rounds].map(([key, rounds]) => {
      const [part = '', n = ''] = key.split(' ');
      return this.#table(part as Part, n, rounds);
    });
    return texts.join('\n\n');
  }

  #table(part: Part, n: string, rounds: ReadonlyMap<string, readonly Figures[]>): string {
    const columns = columnsOf[part];
    const best = bestOf(rounds);
    const rows = [...rounds].map(([name, own]) => [
      name,
      ...columns.map(({ of, digits, against, percent }) => {
        const values = own.map((figures) => figures[of] ?? Number.NaN);
        if (against === undefined) return spread(values, digits);
        // In the same round: whatever else the machine did, it did to both.
        const others = rounds.get(against === 'best' ? best : reference) ?? [];
        const shares = values.map((value, i) => value / (others[i]?.[of] ?? Number.NaN));
        return spread(
          percent === true ? shares.map((share) => share * 100) : shares,
          percent === true ? 0 : digits,
        );
      }),
    ]);
    return `${part}, ${n} requests\n\n${table(['', ...columns.map(({ head }) => head)], rows)}`;
  }
}

interface Column {
  readonly head: string;
  readonly of: string;
  readonly digits: number;
  /** A ratio to whoever is the reference, or the best of the ceilings. */
  readonly against?: 'reference' | 'best';
  readonly percent?: boolean;
}

const columnsOf: Readonly<Record<Part, readonly Column[]>> = {
  creation: [{ head: 'created a second', of: 'perSecond', digits: 0 }],
  burst: [
    { head: 'approvals/s', of: 'perSecond', digits: 0 },
    { head: '% of ceiling-16', of: 'perSecond', digits: 0, against: 'reference', percent: true },
    { head: '% of best', of: 'perSecond', digits: 0, against: 'best', percent: true },
    { head: 'p50 ms', of: 'p50', digits: 0 },
    { head: 'p99 ms', of: 'p99', digits: 0 },
    { head: 'p99 / ceiling-16', of: 'p99', digits: 2, against: 'reference' },
    { head: 'lone p50 ms', of: 'loneP50', digits: 1 },
    { head: 'lone p99 ms', of: 'loneP99', digits: 1 },
    { head: 'lone p99 / ceiling-16', of: 'loneP99', digits: 2, against: 'reference' },
    { head: 'CPU ms', of: 'cpu', digits: 2 },
    { head: 'of it main', of: 'cpuMain', digits: 2 },
    { head: 'policy', of: 'cpuPolicy', digits: 2 },
    { head: 'idle MiB', of: 'idle', digits: 0 },
    { head: 'peak MiB', of: 'peak', digits: 0 },
    { head: 'created/s', of: 'createdPerSecond', digits: 0 },
  ],
  backlog: [
    { head: 'ready ms', of: 'ready', digits: 0 },
    { head: 'first approval ms', of: 'first', digits: 0 },
    { head: 'cleared s', of: 'cleared', digits: 2 },
    { head: 'approvals/s', of: 'perSecond', digits: 0 },
    { head: '% of ceiling-16', of: 'perSecond', digits: 0, against: 'reference', percent: true },
    { head: 'CPU ms, start and all', of: 'cpu', digits: 2 },
    { head: 'peak MiB', of: 'peak', digits: 0 },
  ],
  memory: [
    { head: 'idle MiB', of: 'idle', digits: 0 },
    { head: 'pending MiB', of: 'pending', digits: 0 },
    { head: 'peak while pending MiB', of: 'peakPending', digits: 0 },
    { head: 'peak MiB', of: 'peak', digits: 0 },
  ],
};

/** The ceiling with the highest throughput. */
function bestOf(rounds: ReadonlyMap<string, readonly Figures[]>): string {
  const ceilings = [...rounds].filter(([name]) => name.startsWith('ceiling-'));
  return ceilings.toSorted(([, a], [, b]) => speed(b) - speed(a))[0]?.[0] ?? reference;
}

function speed(own: readonly Figures[]): number {
  return median(own.map(({ perSecond }) => perSecond ?? 0));
}
