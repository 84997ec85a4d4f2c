import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { startTracing } from '../../../src/tracing/opentelemetry.ts';
import type { SpanFate, TracingOptions } from '../../../src/observe/tracing.ts';

const begin = (more: Partial<TracingOptions> = {}) => {
  const told: [SpanFate, number][] = [];
  const tracing = startTracing({
    // Nobody listens there.
    endpoint: 'http://127.0.0.1:9/v1/traces',
    samplingRatio: 1,
    headersFile: undefined,
    caFile: undefined,
    resource: { 'service.name': 'test' },
    version: '1.2.3',
    told: (fate, spans) => told.push([fate, spans]),
    failed: () => undefined,
    ...more,
  });
  return { tracing, told };
};

test('a part has the trace of what it is a part of, and a root has one of its own', async () => {
  const { tracing } = begin();
  await tracing.root('a', {}, async (a) => {
    await tracing.within('b', {}, async (b) => {
      expect(b.trace).toBe(a.trace);
      expect(b.span).not.toBe(a.span);
      await tracing.root('c', {}, async (c) => expect(c.trace).not.toBe(a.trace));
    });
    const [b, c] = await Promise.all(
      ['b', 'c'].map((name) => tracing.within(name, {}, (span) => Promise.resolve(span))),
    );
    expect(b?.trace).toBe(c?.trace);
  });
  await tracing.within('d', {}, async ({ trace, span }) => {
    expect([trace, span].join('-')).toMatch(/^(?!0+-)[0-9a-f]{32}-(?!0+$)[0-9a-f]{16}$/);
  });
  await tracing.stop(0);
});

test('what fails is passed on', async () => {
  const { tracing } = begin();
  const cause = new TypeError('no');
  await expect(tracing.root('a', {}, () => Promise.reject(cause))).rejects.toBe(cause);
  await tracing.stop(0);
});

test('a call is told of its span, where there is one and it is sampled', async () => {
  const { tracing } = begin();
  expect(tracing.call('GET', {})).toBeUndefined();
  await tracing.root('a', {}, async ({ trace }) => {
    const call = tracing.call('GET', {});
    expect(call?.headers).toEqual({ traceparent: expect.stringMatching(`^00-${trace}-[0-9a-f]{16}-01$`) });
    call?.end({ 'http.response.status_code': 200 }, undefined);
  });
  const unsampled = begin({ samplingRatio: 0 }).tracing;
  await unsampled.root('a', {}, async ({ trace }) => {
    expect(trace).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
    expect(unsampled.call('GET', {})?.headers).toEqual({});
  });
  await Promise.all([tracing.stop(0), unsampled.stop(0)]);
});

test('memory is bounded while nobody takes spans, and what is lost is counted', async () => {
  const { tracing, told } = begin();
  const all = 5000;
  await tracing.root('a', {}, async (span) => {
    for (let count = 1; count < all; count += 1) span.part('b', 0, 1);
  });
  await tracing.stop(10_000);
  const of = (fate: SpanFate) => told.reduce((sum, [one, spans]) => sum + (one === fate ? spans : 0), 0);
  expect(of('dropped')).toBeGreaterThan(2000);
  // A stop gives up with the first batch that fails; others are under way for three seconds at most.
  await eventually(() => (of('failed') + of('dropped') === all ? true : undefined));
}, 30_000);

test('a CA that cannot be read is refused', () => {
  expect(() => begin({ caFile: '/nonexistent' })).toThrow(/ENOENT/);
});
