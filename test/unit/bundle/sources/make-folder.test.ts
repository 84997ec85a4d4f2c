import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { makeFolder } from '../../../../src/bundle/sources/make-folder.ts';

const base = mkdtempSync(join(tmpdir(), 'make-folder-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

test('all that are missing are made, with their mode, and one that is there is left alone', async () => {
  const folder = join(base, 'a', 'b', 'c');
  await makeFolder(folder, 0o700);
  await makeFolder(folder, 0o755);
  expect([join(base, 'a'), folder].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
});

test('below a file there is none', async () => {
  writeFileSync(join(base, 'file'), '');
  await expect(makeFolder(join(base, 'file', 'a', 'b'))).rejects.toThrow('ENOTDIR');
});

test('where none can be made in one that is there, it fails at once', async () => {
  await expect(makeFolder('/proc/a/b')).rejects.toThrow("ENOENT: no such file or directory, mkdir '/proc/a'");
});

test('by a relative path in a working directory that was removed, it fails at once', async () => {
  const gone = join(base, 'gone');
  mkdirSync(gone);
  const source = new URL('../../../../src/bundle/sources/make-folder.ts', import.meta.url).href;
  const program = `import { rmdirSync } from 'node:fs';
    const { makeFolder } = await import(${JSON.stringify(source)});
    process.chdir(${JSON.stringify(gone)});
    rmdirSync(${JSON.stringify(gone)});
    await makeFolder('a/b').catch(({ code }) => console.log(code));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    timeout: 10_000,
  });
  expect(stdout).toBe('ENOENT\n');
});
