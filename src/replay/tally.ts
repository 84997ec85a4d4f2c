import type { VerdictKind } from '../decide/verdict.ts';
import type { Gate } from './gate.ts';
import { forbids } from './gate.ts';
import type { Change, Example, GateResult, ReplayReport, SkippedCount } from './report.ts';
import { isFlip } from './report.ts';
import type { Skipped, SkipReason } from './skipped.ts';
import { skipReasons } from './skipped.ts';

/** Codes and paths are of a number that somebody else chooses: of more than these the rest is counted together. */
const most = { groups: 256, details: 32, detail: 128, codes: 64 } as const;

/** One decision that was made again. */
export interface Compared {
  readonly was: { readonly kind: VerdictKind; readonly codes: readonly string[] };
  readonly now: { readonly kind: VerdictKind; readonly codes: readonly string[] };
  /** Called if it is to be an example. */
  readonly example: () => Example;
}

type Group = { -readonly [Key in keyof Change]: Change[Key] } & { examples: Example[] };

/** Counts what comes of a replay, in memory that does not grow with it. */
export class Tally {
  readonly #maxExamples: number;
  readonly #groups = new Map<string, Group>();
  readonly #skipped = new Map<SkipReason, { count: number; details: Map<string, number> }>();
  readonly #gates: readonly { readonly gate: Gate; count: number }[];
  #decided = 0;
  #flipped = 0;
  #reworded = 0;

  /** @param maxExamples of each group */
  constructor(gates: readonly Gate[], maxExamples: number) {
    this.#gates = gates.map((gate) => ({ gate, count: 0 }));
    this.#maxExamples = maxExamples;
  }

  get decided(): number {
    return this.#decided;
  }

  add({ was, now, example }: Compared): void {
    this.#decided += 1;
    const codes = { was: sorted(was.codes), now: sorted(now.codes) };
    const isSame = was.kind === now.kind && JSON.stringify(codes.was) === JSON.stringify(codes.now);
    if (isSame) return;
    if (was.kind === now.kind) this.#reworded += 1;
    else this.#flipped += 1;
    for (const one of this.#gates) if (forbids(one.gate, was.kind, now.kind)) one.count += 1;
    const group = this.#group(was.kind, now.kind, { was: bounded(codes.was), now: bounded(codes.now) });
    group.count += 1;
    if (group.examples.length < this.#maxExamples) group.examples.push(example());
  }

  skip({ skipped: reason, details }: Skipped): void {
    const known = this.#skipped.get(reason) ?? { count: 0, details: new Map<string, number>() };
    this.#skipped.set(reason, known);
    known.count += 1;
    for (const text of new Set(details)) {
      const detail = short(text);
      const name = known.details.has(detail) || known.details.size < most.details ? detail : 'others';
      known.details.set(name, (known.details.get(name) ?? 0) + 1);
    }
    if (!skipReasons[reason].open) return;
    for (const one of this.#gates) if (one.gate.kind === 'undecidable') one.count += 1;
  }

  report(of: Pick<ReplayReport, 'files' | 'policy' | 'revisions'>): ReplayReport {
    return {
      ...of,
      decided: this.#decided,
      flipped: this.#flipped,
      reworded: this.#reworded,
      changes: [...this.#groups.values()].sort(byWeight),
      skipped: this.#skippedCounts(),
      gates: this.#gates.map(({ gate, count }): GateResult => ({ gate, count })),
    };
  }

  #group(was: VerdictKind, now: VerdictKind, codes: NonNullable<Change['codes']>): Group {
    const key = JSON.stringify([was, now, codes.was, codes.now]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const isFull = this.#groups.size >= most.groups;
    const rest = JSON.stringify([was, now]);
    const group = (isFull ? this.#groups.get(rest) : undefined) ?? {
      was,
      now,
      codes: isFull ? undefined : codes,
      count: 0,
      examples: [],
    };
    this.#groups.set(isFull ? rest : key, group);
    return group;
  }

  #skippedCounts(): SkippedCount[] {
    return inOrder.flatMap((reason) => {
      const known = this.#skipped.get(reason);
      if (known === undefined) return [];
      const details = [...known.details].map(([detail, count]) => ({ detail, count }));
      return [
        {
          reason,
          count: known.count,
          details: details.sort((a, b) => b.count - a.count || compare(a.detail, b.detail)),
        },
      ];
    });
  }
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a table of ours
const inOrder = Object.keys(skipReasons) as SkipReason[];

/** Flips first; of these the most frequent first. */
function byWeight(a: Change, b: Change): number {
  return (
    Number(isFlip(b)) - Number(isFlip(a)) ||
    b.count - a.count ||
    compare(JSON.stringify([a.was, a.now, a.codes]), JSON.stringify([b.was, b.now, b.codes]))
  );
}

/** Codes as a group keeps them: they may be as many and as long as a line. */
function bounded(codes: readonly string[]): string[] {
  const kept = codes.slice(0, most.codes).map(short);
  const more = codes.length - kept.length;
  return more === 0 ? kept : [...kept, `and ${String(more)} more`];
}

/** A copy: a part of a text would keep all of it in memory. */
const short = (text: string): string => Buffer.from(text.slice(0, most.detail)).toString();

function sorted(codes: readonly string[]): string[] {
  return [...new Set(codes)].sort();
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
