// An entry of the build of its own: nothing of it is loaded where tracing is off.
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import type { Context, Span as OTelSpan } from '@opentelemetry/api';
import {
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Attributes, Span, Spanned, Tracing, TracingOptions } from '../observe/tracing.ts';
import { Account } from './account.ts';
import { readHeaders } from './headers.ts';

/** Of spans, some 1 KB each: what a receiver may be away for at 2,000 spans a second is a second, and all day at rest. */
const maxQueued = 2048;
const maxBatch = 512;
const delayMs = 2_000;

/** Of one batch, with tries again. */
const exportMs = 3_000;

/** Longest text of an attribute; strangers' is bounded before, by what escapes it. */
const maxText = 512;

/** @throws Error when `caFile` cannot be read */
export function startTracing(options: TracingOptions): Tracing {
  const account = new Account(maxQueued, options);
  const exporter = account.exporter(exporterOf(options));
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: maxQueued,
    maxExportBatchSize: maxBatch,
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: exportMs,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ ...options.resource }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.samplingRatio) }),
    spanLimits: { attributeValueLengthLimit: maxText },
    spanProcessors: [account.processor(processor)],
  });
  const tracer = provider.getTracer('rego-csr-approver', options.version);
  const current = new AsyncLocalStorage<Context>();
  /** Decides in which context a span is begun, when that is asked for. */
  const spanned =
    (parentOf: () => Context): Spanned =>
    async (name, attributes, work) => {
      const parent = parentOf();
      const span = tracer.startSpan(name, { attributes: copy(attributes) }, parent);
      const context = trace.setSpan(parent, span);
      const part: Span['part'] = (of, beginMs, endMs) => {
        tracer.startSpan(of, { startTime: dateOf(beginMs) }, context).end(dateOf(endMs));
      };
      try {
        return await current.run(context, () => work(shown(span, part)));
      } catch (cause) {
        fail(span, cause instanceof Error ? cause.name : 'unknown');
        throw cause;
      } finally {
        span.end();
      }
    };
  return {
    root: spanned(() => ROOT_CONTEXT),
    within: spanned(() => current.getStore() ?? ROOT_CONTEXT),
    call: (name, attributes) => {
      const parent = current.getStore();
      if (parent === undefined) return undefined;
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: copy(attributes) }, parent);
      return {
        headers: headersOf(span),
        end: (more, problem) => {
          span.setAttributes(copy(more));
          if (problem !== undefined) fail(span, problem);
          span.end();
        },
      };
    },
    stop: async (deadlineMs) => {
      const timer = Promise.withResolvers<void>();
      const timeout = setTimeout(timer.resolve, deadlineMs);
      // What failed was told of already.
      await Promise.race([provider.shutdown().catch(() => undefined), timer.promise]);
      clearTimeout(timeout);
    },
  };
}

function exporterOf({ endpoint, headersFile, caFile, version, failed }: TracingOptions): OTLPTraceExporter {
  return new OTLPTraceExporter({
    url: endpoint,
    timeoutMillis: exportMs,
    // One at a time, and those of a stop.
    concurrencyLimit: Math.ceil(maxQueued / maxBatch) + 1,
    userAgent: `rego-csr-approver/${version}`,
    ...(headersFile !== undefined && {
      headers: async () => {
        try {
          return await readHeaders(headersFile);
        } catch (cause) {
          // Without them it will not be let in, and counted.
          failed(cause);
          return {};
        }
      },
    }),
    ...(caFile !== undefined && { httpAgentOptions: { ca: readFileSync(caFile) } }),
  });
}

/** By the machine's clock, since `performance.now()` counts from when the program began. */
const dateOf = (ms: number): number => performance.timeOrigin + ms;

function shown(span: OTelSpan, part: Span['part']): Span {
  const { traceId, spanId } = span.spanContext();
  return {
    trace: traceId,
    span: spanId,
    set: (attributes) => void span.setAttributes(copy(attributes)),
    fail: (type) => fail(span, type),
    part,
  };
}

/** `error.type` of the semantic conventions. */
function fail(span: OTelSpan, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** traceparent (W3C Trace Context section 3.2), where the span is to be seen by anybody. */
function headersOf(span: OTelSpan): Record<string, string> {
  const context = span.spanContext();
  const sampled = (context.traceFlags & TraceFlags.SAMPLED) !== 0;
  if (!sampled || !isSpanContextValid(context)) return {};
  return { traceparent: `00-${context.traceId}-${context.spanId}-01` };
}

/** The SDK's own type has lists that can be changed. */
function copy(attributes: Attributes): Record<string, string | number | boolean | string[]> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  );
}
