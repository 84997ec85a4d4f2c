/** Somewhere that lines go to. Nothing waits for it: what it cannot take is lost, and counted. */
export interface Sink {
  readonly name: SinkName;
  /** Takes lines, each with its line feed, and returns at once. Never throws. */
  readonly write: (lines: readonly string[]) => void;
  /** What is wrong with it now. */
  readonly problem: () => SinkProblem | undefined;
  /** Bytes that wait. */
  readonly waiting: () => number;
  /** Writes what waits, at most for so long; what is left is lost. Nothing is taken any more. */
  readonly stop: (deadlineMs: number) => Promise<void>;
}

export type SinkName = 'console' | 'file' | 'service';

export interface SinkProblem {
  readonly message: string;
  /** Status of an answer, where there was one. */
  readonly status?: number | undefined;
}

/** Why lines are lost: too many waited; the sink failed with them; one alone was too large; the program ended. */
export type LossReason = 'buffer_full' | 'failed' | 'too_large' | 'stopped';

/** Told what becomes of lines. Must not throw. */
export interface SinkObserver {
  readonly written: (sink: SinkName, lines: number) => void;
  readonly lost: (sink: SinkName, lines: number, reason: LossReason) => void;
  /** A try failed. @param failures in a row, this one included */
  readonly failed: (sink: SinkName, problem: SinkProblem, failures: number) => void;
}

/** Resolves after `ms`, or at once when the signal is or becomes aborted. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;
