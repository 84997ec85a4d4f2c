import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { GatheredLines } from '../../../src/observe/gathered-lines.ts';
import { eventually } from '../../support/eventually.ts';
import { run } from '../../tools/run.ts';

function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'lines-'));
  const path = join(directory, 'log');
  const fd = openSync(path, 'a');
  onTestFinished(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  return { lines: new GatheredLines(fd), written: () => readFileSync(path, 'utf8') };
}

test('lines come in order, together, and by themselves', async () => {
  const { lines, written } = setUp();
  lines.write('1\n');
  lines.write('2\n');
  expect(written()).toBe('');
  expect(await eventually(() => written() || undefined)).toBe('1\n2\n');
  lines.write('3\n');
  expect(await eventually(() => (written().includes('3') ? written() : undefined))).toBe('1\n2\n3\n');
});

test('at once when asked, and when there are many', () => {
  const { lines, written } = setUp();
  lines.write('1\n');
  lines.flush();
  expect(written()).toBe('1\n');
  const long = `${'x'.repeat(1023)}\n`;
  for (let count = 0; count < 8; count += 1) lines.write(long);
  expect(written()).toBe(`1\n${long.repeat(8)}`);
  lines.flush();
});

test.each([
  ['exits', 'process.exit(3)', 3],
  ['throws', "setImmediate(() => { throw new Error('x') })", 1],
  ['ends', '', 0],
])('none is lost when the process %s', async (_, end, code) => {
  const module = new URL('../../../src/observe/gathered-lines.ts', import.meta.url).href;
  const program = `import { GatheredLines } from ${JSON.stringify(module)}; const lines = new GatheredLines(1); lines.write('1\\n'); lines.write('2\\n'); ${end}`;
  const result = await run(process.execPath, ['--input-type=module-typescript', '--eval', program]);
  expect(result).toMatchObject({ kind: 'exit', code, stdout: '1\n2\n' });
});

test.each([
  ['nobody reads them', '| true'],
  ['the disk is full', '> /dev/full'],
])('the program goes on where %s', async (_, where) => {
  const module = new URL('../../../src/observe/gathered-lines.ts', import.meta.url).href;
  const program = `import { GatheredLines } from ${JSON.stringify(module)};
    const lines = new GatheredLines(1);
    let left = 20;
    const timer = setInterval(() => {
      lines.write('x\\n');
      left -= 1;
      if (left > 0) return;
      clearInterval(timer);
      console.error('went on');
    }, 20);`;
  const script = `{ timeout 10 "$0" --input-type=module-typescript --eval "$1"; echo "code $?" >&2; } ${where}`;
  const result = await run('sh', ['-c', script, process.execPath, program]);
  expect(result).toMatchObject({ stderr: expect.stringContaining('went on\ncode 0\n') });
});
