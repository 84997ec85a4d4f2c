import type { ShadowOutcome } from '../decide/shadow.ts';
import type { LogAnswer } from '../policy/log-rules.ts';
import type { DecisionLine, ShadowOfLine } from './line.ts';
import { candidateVerdictOf, type Logged, makeLine } from './make-line.ts';
import { masked, withheld } from './mask.ts';
import type { Pause, Sink, SinkName, SinkProblem } from './sink.ts';
import { textOf } from './text.ts';

/** A decision, while its line is to be made. */
export interface Entry extends Omit<Logged, 'labels' | 'shadow'> {
  /** What a candidate says of it, sooner or later; undefined where there is none. */
  readonly shadow: Promise<ShadowOutcome> | undefined;
}

export interface DecisionLogOptions {
  readonly sinks: readonly Sink[];
  readonly labels: Readonly<Record<string, string>>;
  /**
   * What the policy in force says of a line; undefined where it says nothing of any. Whatever it throws, the line is written
   * without what it might have masked.
   */
  readonly rules: (signer: string) => ((line: DecisionLine) => Promise<LogAnswer>) | undefined;
  readonly observer: DecisionLogObserver;
  readonly pause: Pause;
}

/** Told of lines before any sink has them. Must not throw. */
interface DecisionLogObserver {
  /** The policy says that it is not to be written. */
  readonly dropped: () => void;
  /** Too many waited for their masks, or a fault of ours. */
  readonly lost: () => void;
  /** The rules of the policy failed. */
  readonly maskFailed: (cause: unknown) => void;
}

/** Lines that may wait: for a comparison, which is an addition only; and for their masks, without which none is written. */
const mostHeld = 256;
const mostMasking = 256;

/** For a comparison. */
const holdMs = 5_000;

/** Makes a line of each decision, and hands it to the sinks; in a later turn, so that no decision waits for it. */
export class DecisionLog {
  readonly #options: DecisionLogOptions;
  readonly #stopping = new AbortController();
  #entries: Entry[] = [];
  #texts: string[] = [];
  #scheduled = false;
  #held = 0;
  #masking = 0;
  readonly #open = new Set<Promise<void>>();

  constructor(options: DecisionLogOptions) {
    this.#options = options;
  }

  /** Takes note of a decision. */
  take(entry: Entry): void {
    if (this.#options.sinks.length === 0) return;
    this.#entries.push(entry);
    this.#schedule();
  }

  /** What is wrong with each sink that has a problem. */
  problems(): ReadonlyMap<SinkName, SinkProblem> {
    const { sinks } = this.#options;
    return new Map(
      sinks.flatMap((sink) => {
        const problem = sink.problem();
        return problem === undefined ? [] : [[sink.name, problem] as const];
      }),
    );
  }

  /** Bytes that wait, by sink. */
  waiting(): ReadonlyMap<SinkName, number> {
    return new Map(this.#options.sinks.map((sink) => [sink.name, sink.waiting()]));
  }

  /** Writes what has been decided so far, at most for so long. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    this.#flush();
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), deadlineMs / 2);
    // What waited for a comparison may have to wait for its masks.
    while (this.#open.size > 0) {
      // oxlint-disable-next-line no-await-in-loop
      if ((await Promise.race([Promise.all(this.#open), late.promise])) === 'late') break;
    }
    clearTimeout(timer);
    this.#write();
    await Promise.all(this.#options.sinks.map((sink) => sink.stop(deadlineMs / 2)));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** Makes the lines of all that was decided since the last time, and writes those together for which nothing is awaited. */
  #flush(): void {
    const entries = this.#entries;
    this.#entries = [];
    for (const entry of entries) {
      if (entry.shadow === undefined) this.#attempt(() => this.#log(entry, undefined));
      else this.#begin(this.#hold(entry, entry.shadow));
    }
    this.#write();
  }

  /** A fault of ours costs a line, and neither the others nor the program. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch {
      this.#options.observer.lost();
    }
  }

  #begin(work: Promise<void>): void {
    const open = work.catch(() => this.#options.observer.lost());
    this.#open.add(open);
    void open.then(() => this.#open.delete(open));
  }

  /** Waits for the comparison, but not for long; and when too many wait, not at all. */
  async #hold(entry: Entry, shadow: Promise<ShadowOutcome>): Promise<void> {
    if (this.#held >= mostHeld) {
      this.#log(entry, { status: 'pending' });
      return;
    }
    this.#held += 1;
    const known = new AbortController();
    const late = this.#options.pause(holdMs, AbortSignal.any([known.signal, this.#stopping.signal]));
    const outcome = await Promise.race([shadow, late]);
    known.abort();
    this.#held -= 1;
    this.#log(entry, outcome === undefined ? { status: 'pending' } : shadowOf(outcome));
    this.#schedule();
  }

  #log(entry: Entry, shadow: ShadowOfLine | undefined): void {
    const { labels, rules } = this.#options;
    const line = makeLine({ ...entry, labels, shadow });
    if (line === undefined) return;
    const ask = rules(entry.request.signerName);
    if (ask === undefined) this.#texts.push(textOf(line));
    else if (this.#masking >= mostMasking) this.#options.observer.lost();
    else this.#begin(this.#mask(line, ask));
  }

  async #mask(line: DecisionLine, ask: (line: DecisionLine) => Promise<LogAnswer>): Promise<void> {
    const { observer } = this.#options;
    this.#masking += 1;
    let told: DecisionLine;
    try {
      const { drop, mask } = await ask(line);
      if (drop) {
        observer.dropped();
        return;
      }
      told = masked(line, mask);
    } catch (cause) {
      observer.maskFailed(cause);
      // The cause may tell what was to be masked.
      const message = 'data.system.log of the policy gave no usable answer for this line';
      told = withheld(line, { code: 'MaskFailed', message });
    } finally {
      this.#masking -= 1;
    }
    this.#texts.push(textOf(told));
    this.#schedule();
  }

  #write(): void {
    const texts = this.#texts;
    if (texts.length === 0) return;
    this.#texts = [];
    for (const sink of this.#options.sinks) sink.write(texts);
  }
}

function shadowOf(outcome: ShadowOutcome): ShadowOfLine {
  if (outcome.status !== 'compared') return outcome;
  const { status, revision, verdict } = outcome;
  return { status, revision, verdict: candidateVerdictOf(verdict) };
}
