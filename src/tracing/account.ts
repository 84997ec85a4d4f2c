import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { TracingOptions } from '../observe/tracing.ts';

type Teller = Pick<TracingOptions, 'told' | 'failed'>;

/**
 * Counts what becomes of spans: the processor of the SDK drops without a word what its queue has no room for.
 *
 * `waiting` is what was given to it and has not been given to the exporter, which is its queue.
 */
export class Account {
  readonly #teller: Teller;
  readonly #capacity: number;
  #waiting = 0;

  constructor(capacity: number, teller: Teller) {
    this.#capacity = capacity;
    this.#teller = teller;
  }

  /** Hands on what there is room for. */
  processor(inner: SpanProcessor): SpanProcessor {
    return {
      onStart: (span, context) => inner.onStart(span, context),
      onEnd: (span) => {
        if (this.#waiting >= this.#capacity) {
          this.#teller.told('dropped', 1);
          return;
        }
        this.#waiting += 1;
        inner.onEnd(span);
      },
      forceFlush: () => inner.forceFlush(),
      shutdown: () => inner.shutdown(),
    };
  }

  exporter(inner: SpanExporter): SpanExporter {
    return {
      export: (spans: ReadableSpan[], done) => {
        this.#waiting -= spans.length;
        inner.export(spans, (result) => {
          this.#teller.told(result.code === ExportResultCode.SUCCESS ? 'sent' : 'failed', spans.length);
          if (result.code !== ExportResultCode.SUCCESS) this.#teller.failed(result.error);
          done(result);
        });
      },
      shutdown: () => inner.shutdown(),
    };
  }
}
