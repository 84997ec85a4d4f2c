import { ROOT_CONTEXT } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { beforeEach, expect, test } from 'vitest';
import { Account } from '../../../src/tracing/account.ts';

// oxlint-disable-next-line no-unsafe-type-assertion -- nothing of it is looked at
const span = {} as ReadableSpan & Span;

let told: string[];
let failures: unknown[];
let account: Account;
beforeEach(() => {
  told = [];
  failures = [];
  account = new Account(3, {
    told: (fate, spans) => told.push(`${fate} ${String(spans)}`),
    failed: (cause) => failures.push(cause),
  });
});

/** What got through to the processor within. */
function counting(): { ended: number; processor: SpanProcessor } {
  const counted = {
    ended: 0,
    processor: {
      onStart: () => undefined,
      onEnd: () => void (counted.ended += 1),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
  };
  return counted;
}

const exporting = (code: ExportResultCode, error?: Error): SpanExporter => ({
  export: (_, done) => done(error === undefined ? { code } : { code, error }),
  shutdown: () => Promise.resolve(),
});

test('what there is no room for is dropped, and counted, until a batch has made room', () => {
  const inner = counting();
  const processor = account.processor(inner.processor);
  processor.onStart(span, ROOT_CONTEXT);
  for (let count = 0; count < 5; count += 1) processor.onEnd(span);
  expect([inner.ended, told]).toEqual([3, ['dropped 1', 'dropped 1']]);
  account.exporter(exporting(ExportResultCode.SUCCESS)).export([span, span], () => undefined);
  for (let count = 0; count < 3; count += 1) processor.onEnd(span);
  expect([inner.ended, told.slice(2)]).toEqual([5, ['sent 2', 'dropped 1']]);
});

test('a batch that is not taken is counted as failed, and its cause told', () => {
  const cause = new Error('503');
  const results: unknown[] = [];
  account
    .exporter(exporting(ExportResultCode.FAILED, cause))
    .export([span], (result) => results.push(result));
  expect([told, failures, results]).toEqual([
    ['failed 1'],
    [cause],
    [{ code: ExportResultCode.FAILED, error: cause }],
  ]);
});
