import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprint } from '../../../src/compiler/fingerprint.ts';
import { isSourceName, readSources } from '../../../src/compiler/sources.ts';

const limits = { entries: 4, entryBytes: 100, totalBytes: 150 };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sources-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const read = async () =>
  (await readSources(root, limits)).map(({ path, isLink }) => (isLink ? `${path}@` : path));

describe('what is read of a policy directory', () => {
  test.each(['a.rego', '.manifest', 'data.json', 'data.yaml', 'data.yml', '.signatures.json', 'patch.json'])(
    '%s',
    (name) => expect(isSourceName(name)).toBe(true),
  );
  test.each(['a.rego.bak', 'data.toml', 'mydata.json', 'bundle.tar.gz', 'README.md', 'signatures.json'])(
    'not %s',
    (name) => expect(isSourceName(name)).toBe(false),
  );

  test('in the order of names, folder by folder', async () => {
    put('b.rego', '');
    put('a/z.rego', '');
    put('a-b/c.rego', '');
    put('B/x.rego', '');
    put('notes.txt', 'x'.repeat(1000));
    expect(await read()).toEqual(['B/x.rego', 'a/z.rego', 'a-b/c.rego', 'b.rego']);
  });

  test('links to a policy or to a folder are listed, and not followed; others are nothing', async () => {
    put('a.rego', 'package a');
    const elsewhere = put('other/x.txt', 'secret');
    symlinkSync(elsewhere, join(root, 'b.rego'));
    symlinkSync(dirname(elsewhere), join(root, 'c'));
    symlinkSync('/nowhere', join(root, 'd.txt'));
    const files = await readSources(root, limits);
    expect(await read()).toEqual(['a.rego', 'b.rego@', 'c@']);
    expect(files.map(({ bytes }) => bytes.length)).toEqual([9, 0, 0]);
  });

  test('a pipe is nothing to read', async () => {
    execFileSync('mkfifo', [join(root, 'x.rego')]);
    expect(await read()).toEqual([]);
  });
});

describe('what is refused', () => {
  beforeEach(() => put('a.rego', 'package a'));

  test('nothing of the good directory', async () => expect(await read()).toEqual(['a.rego']));

  test('a file that is too large, before it is read', async () => {
    truncateSync(put('big.rego', ''), limits.entryBytes + 1);
    await expect(read()).rejects.toMatchObject({
      code: 'DirectoryTooLarge',
      message: expect.stringContaining('big.rego'),
    });
  });

  test('too much in all', async () => {
    put('b.rego', 'x'.repeat(80));
    put('c.rego', 'x'.repeat(80));
    await expect(read()).rejects.toMatchObject({ code: 'DirectoryTooLarge' });
  });

  test('too many files', async () => {
    for (const name of 'bcde') put(`${name}.rego`, '');
    await expect(read()).rejects.toMatchObject({ code: 'DirectoryTooLarge' });
  });

  test('a directory that is not there, and a file in its place', async () => {
    await expect(readSources(join(root, 'none'), limits)).rejects.toMatchObject({
      code: 'DirectoryUnreadable',
    });
    await expect(readSources(join(root, 'a.rego'), limits)).rejects.toMatchObject({
      code: 'DirectoryUnreadable',
      message: expect.stringContaining('not a directory'),
    });
  });
});

describe('a fingerprint', () => {
  test('changes with a policy, with data, with cases, and with nothing else', async () => {
    const seen = new Set([await fingerprint([root])]);
    const add = async (): Promise<number> =>
      seen.add(await fingerprint([root, join(root, 'config.txt')])).size;
    seen.clear();
    expect(await add()).toBe(1);
    const file = put('deep/a.rego', 'package a');
    expect(await add()).toBe(2);
    put('deep/a.rego', 'package b');
    expect(await add()).toBe(3);
    put('cases/one.yaml', '[]');
    expect(await add()).toBe(4);
    put('bundle.tar.gz', 'x');
    expect(await add()).toBe(4);
    put('config.txt', 'named itself');
    expect(await add()).toBe(5);
    rmSync(file);
    expect(await add()).toBe(6);
  });
});
