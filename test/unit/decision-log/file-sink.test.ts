import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSink } from '../../../src/decision-log/file-sink.ts';
import { RotatingFile } from '../../../src/decision-log/rotating-file.ts';
import { eventually } from '../../support/eventually.ts';
import { numbered, observed } from './observed.ts';

let folder: string;
let path: string;
let sinks: FileSink[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-sink-'));
  path = join(folder, 'sub', 'log.ndjson');
});
afterEach(async () => {
  await Promise.all(sinks.map((sink) => sink.stop(0)));
  sinks = [];
  rmSync(folder, { recursive: true });
});

interface Options {
  readonly maxBytes?: number;
  readonly maxFiles?: number;
  readonly limitBytes?: number;
  readonly file?: ConstructorParameters<typeof FileSink>[0]['file'];
}

function make({ maxBytes = 1e6, maxFiles = 3, limitBytes = 1e6, file }: Options = {}) {
  const { told, observer } = observed();
  const pauses: number[] = [];
  const sink = new FileSink({
    file: file ?? new RotatingFile({ path, maxBytes, maxFiles }),
    path,
    observer,
    pause: async (ms) => {
      pauses.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    random: () => 0.5,
    limitBytes,
  });
  sinks.push(sink);
  const written = (count: number) => eventually(() => (told.written === count ? true : undefined));
  return { sink, told, pauses, written };
}
const content = (name = path) => readFileSync(name, 'utf8');

test('lines come in order into a file whose folder was not there', async () => {
  const { sink, written } = make();
  sink.write(numbered(0, 2));
  sink.write(numbered(2, 1));
  await written(3);
  expect(content()).toBe(numbered(0, 3).join(''));
  expect(statSync(path).mode & 0o007).toBe(0);
});

test('another one goes on where the first ended, and not in the middle of a line', async () => {
  const first = make();
  first.sink.write(numbered(0, 1));
  await first.written(1);
  await first.sink.stop(1000);
  writeFileSync(path, 'cut off', { flag: 'a' });
  const second = make();
  second.sink.write(numbered(1, 1));
  await second.written(1);
  expect(content()).toBe(`${numbered(0, 1).join('')}cut off\n${numbered(1, 1).join('')}`);
});

test('a file that is full is renamed, and no more are kept than asked for', async () => {
  const { sink, told, written } = make({ maxBytes: 25, maxFiles: 3 });
  for (let at = 0; at < 9; at += 1) {
    sink.write(numbered(at, 1));
    // oxlint-disable-next-line no-await-in-loop -- each a batch of its own
    await written(at + 1);
  }
  expect(readdirSync(join(folder, 'sub')).sort()).toEqual(['log.ndjson', 'log.ndjson.1', 'log.ndjson.2']);
  expect([content(`${path}.2`), content(`${path}.1`), content()]).toEqual([
    numbered(4, 2).join(''),
    numbered(6, 2).join(''),
    numbered(8, 1).join(''),
  ]);
  expect(told).toMatchObject({ lost: {}, failures: [] });
});

test('one file alone is begun anew', async () => {
  const { sink, written } = make({ maxBytes: 15, maxFiles: 1 });
  for (let at = 0; at < 3; at += 1) {
    sink.write(numbered(at, 1));
    // oxlint-disable-next-line no-await-in-loop
    await written(at + 1);
  }
  expect([readdirSync(join(folder, 'sub')), content()]).toEqual([['log.ndjson'], numbered(2, 1).join('')]);
});

test.each<[string, () => void]>([
  ['removed', () => rmSync(path)],
  ['removed with its folder', () => rmSync(join(folder, 'sub'), { recursive: true })],
  ['renamed by somebody else', () => renameSync(path, `${path}.moved`)],
  [
    'replaced',
    () => {
      rmSync(path);
      writeFileSync(path, '');
    },
  ],
])('a file that was %s is begun anew with the next line', async (_, break_) => {
  const { sink, told, written } = make();
  sink.write(numbered(0, 1));
  await written(1);
  break_();
  sink.write(numbered(1, 1));
  await written(2);
  expect([content(), told.failures]).toEqual([numbered(1, 1).join(''), []]);
});

test.each<[string, () => string]>([
  ['a folder', () => folder],
  ['a device', () => '/dev/null'],
  ['below a file', () => '/dev/null/x'],
])('%s is no file: tried again with backoff, and said', async (_, where) => {
  const file = new RotatingFile({ path: where(), maxBytes: 100, maxFiles: 2 });
  const { sink, told, pauses } = make({ file });
  sink.write(numbered(0, 1));
  await eventually(() => (pauses.length >= 10 ? true : undefined));
  expect(pauses.slice(0, 9)).toEqual([75, 125, 225, 425, 825, 1625, 3225, 5025, 5025]);
  expect([told.written, told.failures.length > 9, sink.problem() !== undefined]).toEqual([0, true, true]);
  await sink.stop(0);
  expect(told.lost).toEqual({ stopped: 1 });
});

/** Takes so many bytes, then none until there is room again. */
function disk(room: number) {
  const state = { room, text: '', isOther: false };
  return {
    state,
    file: {
      prepare: async () => {
        const { isOther } = state;
        state.isOther = false;
        return isOther;
      },
      write: async (bytes: Uint8Array) => {
        if (state.room === 0) throw new Error('ENOSPC: no space left on device');
        const taken = bytes.subarray(0, state.room);
        state.room -= taken.length;
        state.text += Buffer.from(taken).toString();
        return taken.length;
      },
      close: async () => undefined,
    },
  };
}

describe('a disk that is full', () => {
  test('is waited for, and the line goes on where it ended', async () => {
    const { state, file } = disk(14);
    const { sink, told, pauses, written } = make({ file });
    sink.write(numbered(0, 3));
    await eventually(() => (pauses.length > 2 ? true : undefined));
    expect([state.text, sink.problem()?.message]).toEqual([
      numbered(0, 2).join('').slice(0, 14),
      `${path}: ENOSPC: no space left on device`,
    ]);
    state.room = 1e6;
    await written(3);
    expect([state.text, told.lost, sink.problem()]).toEqual([numbered(0, 3).join(''), {}, undefined]);
  });

  test('costs the oldest lines that wait, and no more memory than that', async () => {
    const { state, file } = disk(0);
    const { sink, told, pauses, written } = make({ file, limitBytes: 50 });
    sink.write(numbered(0, 1));
    await eventually(() => (pauses.length > 0 ? true : undefined));
    for (let at = 1; at < 1000; at += 1) sink.write(numbered(at, 1));
    expect([told.lost, sink.waiting()]).toEqual([{ buffer_full: 994 }, 50]);
    state.room = 1e6;
    await written(6);
    expect(state.text).toBe([...numbered(0, 1), ...numbered(995, 5)].join(''));
  });

  test('in another file than before the line begins again', async () => {
    const { state, file } = disk(14);
    const { sink, pauses, written } = make({ file });
    sink.write(numbered(0, 3));
    await eventually(() => (pauses.length > 0 ? true : undefined));
    Object.assign(state, { room: 1e6, text: '', isOther: true });
    await written(3);
    expect(state.text).toBe(numbered(1, 2).join(''));
  });
});

test('a stop writes what waits', async () => {
  const { sink, told } = make();
  sink.write(numbered(0, 3));
  await sink.stop(10_000);
  sink.write(numbered(3, 1));
  expect([content(), told.written]).toEqual([numbered(0, 3).join(''), 3]);
});
