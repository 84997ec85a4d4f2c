import { Counter, Gauge, type Registry } from '@prometheus-io/client';

const prefix = 'csr_approver_decision_log_';

/** Where lines go, and why they are lost; no label's value comes from anywhere else. */
const sinks = ['console', 'file', 'service'] as const;
const sinkReasons = ['buffer_full', 'failed', 'too_large', 'stopped'] as const;
type SinkName = (typeof sinks)[number];

/** What becomes of the decision log. */
export class DecisionLogMetrics {
  readonly #lines;
  readonly #lost;
  readonly #failures;
  readonly #waiting;
  readonly #unwritten;
  readonly #maskFailures;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#lines = new Counter({
      name: `${prefix}lines_total`,
      help: 'Lines of the decision log that a sink has taken.',
      labelNames: ['sink'] as const,
      registers,
    });
    this.#lost = new Counter({
      name: `${prefix}lost_total`,
      help: 'Lines that a sink has not taken, by reason: `buffer_full`, `failed`, `too_large` or `stopped`.',
      labelNames: ['sink', 'reason'] as const,
      registers,
    });
    this.#failures = new Counter({
      name: `${prefix}failures_total`,
      help: 'Writes or uploads that failed; most are tried again.',
      labelNames: ['sink'] as const,
      registers,
    });
    this.#waiting = new Gauge({
      name: `${prefix}buffer_bytes`,
      help: 'Bytes of lines that wait to be written or uploaded.',
      labelNames: ['sink'] as const,
      registers,
    });
    this.#unwritten = new Counter({
      name: `${prefix}dropped_total`,
      help: 'Decisions without a line, by reason: `policy` (`data.system.log.drop`), or `overload`, when too many waited for their masks.',
      labelNames: ['reason'] as const,
      registers,
    });
    this.#maskFailures = new Counter({
      name: `${prefix}mask_failures_total`,
      help: 'Lines without input, result and sentences, since the rules that mask them failed.',
      registers,
    });
    for (const reason of ['policy', 'overload']) this.#unwritten.inc({ reason }, 0);
  }

  /** Shows what is counted of a sink from the beginning: what is not there cannot be watched for a change. */
  expect(sink: SinkName): void {
    this.#lines.inc({ sink }, 0);
    for (const reason of sinkReasons) this.#lost.inc({ sink, reason }, 0);
    this.#failures.inc({ sink }, 0);
    this.#waiting.set({ sink }, 0);
  }

  written(sink: SinkName, lines: number): void {
    this.#lines.inc({ sink }, lines);
  }

  lost(sink: SinkName, lines: number, reason: (typeof sinkReasons)[number]): void {
    this.#lost.inc({ sink, reason }, lines);
  }

  failed(sink: SinkName): void {
    this.#failures.inc({ sink });
  }

  waiting(sink: SinkName, bytes: number): void {
    this.#waiting.set({ sink }, bytes);
  }

  dropped(reason: 'policy' | 'overload'): void {
    this.#unwritten.inc({ reason });
  }

  maskFailed(): void {
    this.#maskFailures.inc();
  }
}
