import { expect, test } from 'vitest';
import { newTrace } from '../../../src/observe/trace.ts';

test('has the form of W3C Trace Context, and each is another', () => {
  const traces = Array.from({ length: 100 }, () => newTrace());
  for (const { traceId, spanId } of traces) {
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
  }
  expect(new Set(traces.flatMap(({ traceId, spanId }) => [traceId, spanId])).size).toBe(200);
});

test('takes every digit from the random bytes', () => {
  const counted = (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, index) => index + 1));
  expect(newTrace(counted)).toEqual({
    traceId: '0102030405060708090a0b0c0d0e0f10',
    spanId: '1112131415161718',
  });
});

test('is never only zeros, which would mean none', () => {
  expect(newTrace((bytes) => Buffer.alloc(bytes))).toEqual({
    traceId: `${'0'.repeat(31)}1`,
    spanId: `${'0'.repeat(15)}1`,
  });
});
