import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { ConsoleSink } from '../../../src/decision-log/console-sink.ts';
import { eventually } from '../../support/eventually.ts';
import { run } from '../../tools/run.ts';
import { numbered, observed } from './observed.ts';

test('lines come as they are, and are counted when they are written', async () => {
  const { told, observer } = observed();
  const stream = new PassThrough();
  const sink = new ConsoleSink(stream, observer);
  sink.write(numbered(0, 2));
  sink.write([]);
  sink.write(numbered(2, 1));
  await eventually(() => (told.written === 3 ? true : undefined));
  expect(String(stream.read())).toBe(numbered(0, 3).join(''));
  expect([told.lost, sink.problem()]).toEqual([{}, undefined]);
});

test('a reader that is slow costs lines, and no more memory than that', async () => {
  const { told, observer } = observed();
  const waiting: (() => void)[] = [];
  const stream = new Writable({ write: (_chunk, _encoding, done) => void waiting.push(done) });
  const sink = new ConsoleSink(stream, observer, 100);
  for (let at = 0; at < 20; at += 1) sink.write(numbered(at, 1));
  expect([told.lost, sink.waiting()]).toEqual([{ buffer_full: 10 }, 100]);
  for (let at = 0; at < 10; at += 1) {
    waiting.shift()?.();
    // oxlint-disable-next-line no-await-in-loop -- the next write begins in a later turn
    await eventually(() => (told.written > at ? true : undefined));
  }
  sink.write(numbered(20, 1));
  expect([told.written, told.lost]).toEqual([10, { buffer_full: 10 }]);
});

test('a write that fails is lost and told, and the next line does not go on in the middle of it', async () => {
  const { told, observer } = observed();
  let full = true;
  const texts: string[] = [];
  const stream = {
    writableLength: 0,
    write: (text: string, done: (cause?: Error | null) => void) => {
      if (!full) texts.push(text);
      done(full ? new Error('no space left') : null);
    },
    on: () => undefined,
  };
  const sink = new ConsoleSink(stream, observer);
  sink.write(numbered(0, 2));
  expect([told, sink.problem()]).toEqual([
    { written: 0, lost: { failed: 2 }, failures: ['standard output: no space left'] },
    { message: 'standard output: no space left' },
  ]);
  full = false;
  sink.write(numbered(2, 1));
  sink.write(numbered(3, 1));
  expect([texts.join(''), sink.problem()]).toEqual([`\n${numbered(2, 2).join('')}`, undefined]);
});

test('a stop waits for what is on its way, but not for a reader that takes nothing', async () => {
  const { observer } = observed();
  let isRead = false;
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    write: (_chunk, _encoding, done) => void (isRead ? done() : waiting.push(done)),
  });
  const sink = new ConsoleSink(stream, observer);
  sink.write(numbered(0, 1));
  await sink.stop(20);
  const stopping = sink.stop(60_000);
  isRead = true;
  for (const done of waiting) done();
  await stopping;
  sink.write(numbered(1, 1));
  expect(sink.waiting()).toBe(0);
});

test.each([
  ['nobody reads', '| true', /lost failed/],
  ['the disk is full', '> /dev/full', /lost failed/],
  ['a reader takes nothing', '| sleep 3', /lost buffer_full/],
])('the program goes on where %s', async (_, where, said) => {
  const module = new URL('../../../src/decision-log/console-sink.ts', import.meta.url).href;
  const program = `import { ConsoleSink } from ${JSON.stringify(module)};
    const sink = new ConsoleSink(process.stdout, {
      written: () => undefined,
      lost: (sink, lines, reason) => console.error('lost', reason),
      failed: () => undefined,
    }, 300_000);
    let left = 20;
    const timer = setInterval(() => {
      sink.write(['x'.repeat(65_000) + '\\n']);
      left -= 1;
      if (left > 0) return;
      clearInterval(timer);
      sink.stop(100).then(() => { console.error('went on'); process.exit(0); });
    }, 10);`;
  const script = `{ timeout 10 "$0" --input-type=module-typescript --eval "$1"; echo "code $?" >&2; } ${where}`;
  const { stderr } = await run('sh', ['-c', script, process.execPath, program]);
  expect(stderr).toMatch(said);
  expect(stderr).toContain('went on\ncode 0\n');
});
