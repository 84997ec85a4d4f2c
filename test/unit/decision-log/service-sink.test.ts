import { gunzipSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { ServiceSink, type UploadAnswer } from '../../../src/decision-log/service-sink.ts';
import { eventually } from '../../support/eventually.ts';
import { observed } from './observed.ts';

interface Options {
  readonly uploadBytes?: number;
  readonly bufferBytes?: number;
  /** What the server says to an upload, at a time in virtual milliseconds. */
  readonly answer?: (ids: readonly number[], at: number) => UploadAnswer;
}

const taken: UploadAnswer = { kind: 'taken' };
const fails: UploadAnswer = { kind: 'failed', status: 500, message: 'the server answered 500' };

/** A sink with a server of ours and a clock that nobody waits for. */
function make({ uploadBytes = 4096, bufferBytes = 1e6, answer = () => taken }: Options = {}) {
  const { told, observer } = observed();
  const uploads: { at: number; ids: readonly number[] }[] = [];
  const clock = { now: 0 };
  const sink = new ServiceSink({
    upload: async (body) => {
      const ids = JSON.parse(gunzipSync(body).toString()).map(({ id }: { id: number }) => id) as number[];
      uploads.push({ at: clock.now, ids });
      return answer(ids, clock.now);
    },
    minDelayMs: 5000,
    maxDelayMs: 10_000,
    uploadBytes,
    bufferBytes,
    observer,
    pause: async (ms, signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (!signal.aborted) clock.now += ms;
    },
    random: () => 0.5,
  });
  const written = (count: number) => eventually(() => (told.written === count ? true : undefined));
  return { sink, told, uploads, clock, written };
}
/** Of about so many bytes, which hardly compress. */
const line = (id: number, bytes = 100) =>
  `${JSON.stringify({ id, noise: randomBytes(Math.ceil((bytes * 3) / 4)).toString('base64') })}\n`;
const lines = (from: number, count: number, bytes?: number) =>
  Array.from({ length: count }, (_, at) => line(from + at, bytes));
const idsOf = (uploads: readonly { readonly ids: readonly number[] }[]) => uploads.flatMap(({ ids }) => ids);
const range = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at);

test('lines are gathered for a while, and go together', async () => {
  const { sink, uploads, written } = make();
  sink.write(lines(0, 2));
  sink.write(lines(2, 1));
  await written(3);
  expect(uploads).toEqual([{ at: 7500, ids: [0, 1, 2] }]);
});

test('when there is enough they go at once; no upload is larger than allowed', async () => {
  const { sink, uploads, written } = make({ uploadBytes: 2048 });
  sink.write(lines(0, 100));
  await written(100);
  expect(idsOf(uploads)).toEqual(range(0, 100));
  expect(uploads.length).toBeGreaterThan(5);
  expect(uploads[0]?.at).toBe(0);
});

test('lines that compress to nothing are no reason for one upload of all of them', async () => {
  const MiB = 1024 * 1024;
  const { sink, uploads, written } = make({ uploadBytes: 64 * MiB, bufferBytes: 1024 * MiB });
  const large = (id: number) => `${JSON.stringify({ id, text: 'a'.repeat(MiB) })}\n`;
  sink.write([large(0)]);
  await written(1);
  sink.write(range(1, 70).map(large));
  await written(71);
  expect(idsOf(uploads)).toEqual(range(0, 71));
  expect(Math.max(...uploads.map(({ ids }) => ids.length))).toBeLessThanOrEqual(32);
});

test('a server that says 413 gets halves; a line that alone is too large is lost', async () => {
  const { sink, told, uploads, written } = make({
    uploadBytes: 1e6,
    answer: (ids) => (ids.length > 2 || ids.includes(5) ? { kind: 'too large' } : taken),
  });
  sink.write(lines(0, 8));
  await written(7);
  expect(idsOf(uploads.filter(({ ids }) => ids.length <= 2 && !ids.includes(5)))).toEqual([
    0, 1, 2, 3, 4, 6, 7,
  ]);
  expect(told.lost).toEqual({ too_large: 1 });
});

test('a line that alone is larger than an upload may be is lost, and nothing else', async () => {
  const { sink, told, uploads, written } = make({ uploadBytes: 2048 });
  sink.write([line(0), line(1, 5000), line(2)]);
  await written(2);
  expect([idsOf(uploads), told.lost]).toEqual([[0, 2], { too_large: 1 }]);
});

test('a server that answers 500 for an hour: backoff to the cap, bounded memory, counted loss, then what is left', async () => {
  const hour = 3_600_000;
  const { sink, told, uploads, clock, written } = make({
    bufferBytes: 10_000,
    answer: (_, at) => (at < hour ? fails : taken),
  });
  sink.write(lines(0, 1, 200));
  let next = 1;
  let most = 0;
  let problem = sink.problem();
  while (clock.now < hour) {
    sink.write(lines(next, 10, 200));
    next += 10;
    most = Math.max(most, sink.waiting());
    problem ??= sink.problem();
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setImmediate(resolve));
  }
  const during = uploads.filter(({ at }) => at < hour);
  expect(new Set(during.map(({ ids }) => ids.join()))).toEqual(new Set([during[0]?.ids.join()]));
  const gaps = during.slice(1).map(({ at }, index) => at - (during[index]?.at ?? 0));
  expect(gaps.slice(0, 6)).toEqual([375, 625, 1125, 2125, 4125, 5125]);
  expect(Math.max(...gaps)).toBe(5125);
  expect(most).toBeLessThanOrEqual(10_000);
  expect(problem).toEqual({ message: 'the server answered 500', status: 500 });
  await eventually(() => (sink.waiting() === 0 ? true : undefined));
  const lost = told.lost['buffer_full'] ?? 0;
  await written(next - lost);
  const arrived = idsOf(uploads.filter(({ at }) => at >= hour));
  expect(lost).toBeGreaterThan(100);
  expect(arrived).toHaveLength(next - lost);
  expect(arrived).toEqual([...new Set(arrived)].sort((a, b) => a - b));
  expect(arrived.at(-1)).toBe(next - 1);
  expect([told.failures.length, sink.problem()]).toEqual([during.length, undefined]);
});

test('what a server asks for is waited, but not for ever', async () => {
  const answers: UploadAnswer[] = [
    { ...fails, kind: 'failed', status: 429, message: 'x', retryAfterMs: 20_000 },
    { ...fails, kind: 'failed', status: 503, message: 'x', retryAfterMs: 86_400_000 },
  ];
  const { sink, uploads, written } = make({ answer: () => answers.shift() ?? taken });
  sink.write(lines(0, 1));
  await written(1);
  expect(uploads.map(({ at }) => at - 7500)).toEqual([0, 20_375, 20_375 + 300_625]);
});

test('a stop sends what was gathered at once', async () => {
  const { sink, told, uploads, clock } = make();
  sink.write(lines(0, 2));
  await sink.stop(10_000);
  expect([idsOf(uploads), told.written, clock.now]).toEqual([[0, 1], 2, 0]);
  sink.write(lines(2, 1));
  expect(sink.waiting()).toBe(0);
});

test('a stop gives up at its deadline, and counts what is lost', async () => {
  const { sink, told } = make({ answer: () => fails });
  sink.write(lines(0, 3));
  await sink.stop(20);
  expect([told.written, told.lost]).toEqual([0, { stopped: 3 }]);
});
