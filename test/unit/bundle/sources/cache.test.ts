import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestBytes } from '../../../../src/bundle/digest.ts';
import { bundleLimits, unpackBundle } from '../../../../src/bundle/files.ts';
import { BundleCache } from '../../../../src/bundle/sources/cache.ts';
import type { Fetched } from '../../../../src/bundle/sources/source.ts';
import { tarGz } from '../../../support/bundle.ts';

let directory = '';
let warnings: string[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bundle-cache-'));
  warnings = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const source = 'https://bundles.example.com/a.tar.gz';
const cache = (name = source, at = directory) =>
  new BundleCache(at, name, (message) => warnings.push(message));

async function bundle(content: string): Promise<Fetched> {
  const archive = await tarGz([{ name: '.manifest', content }]);
  return { version: digestBytes(archive), files: await unpackBundle(archive), archive };
}

/** The one file of the cache. */
function file(): string {
  const [name = '', ...more] = readdirSync(directory);
  expect(more).toEqual([]);
  return join(directory, name);
}

test('gives what was kept last, to a later run', async () => {
  expect(await cache().read()).toBeUndefined();
  await cache().write(await bundle('{"revision": "1"}'));
  const second = await bundle('{"revision": "2"}');
  await cache().write(second);
  const read = await cache().read();
  expect(read?.version).toBe(second.version);
  expect(read?.files).toEqual(second.files);
  expect(Buffer.from(read?.archive ?? [])).toEqual(Buffer.from(second.archive ?? []));
  expect(warnings).toEqual([]);
});

test('is a file for the owner only, whose name says nothing, and leaves nothing beside it', async () => {
  await cache('../../etc/passwd').write(await bundle('{}'));
  expect(file()).toMatch(/\/[0-9a-f]{32}\.bundle$/);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test('makes its directory, for the owner only', async () => {
  const deep = join(directory, 'a/b');
  await cache(source, deep).write(await bundle('{}'));
  expect(statSync(deep).mode & 0o777).toBe(0o700);
  expect((await cache(source, deep).read())?.files.size).toBe(1);
});

test('what an interrupted run left is written over', async () => {
  await cache().write(await bundle('{}'));
  writeFileSync(`${file()}.tmp`, 'half', { mode: 0o644 });
  await cache().write(await bundle('{"revision": "2"}'));
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect((await cache().read())?.files.size).toBe(1);
});

test('each source has its own', async () => {
  const other = 'https://bundles.example.com/b.tar.gz';
  await cache().write(await bundle('{"revision": "1"}'));
  expect(await cache(other).read()).toBeUndefined();
  await cache(other).write(await bundle('{"revision": "2"}'));
  expect(readdirSync(directory)).toHaveLength(2);
  expect((await cache().read())?.version).not.toBe((await cache(other).read())?.version);
});

test('a directory, which has no archive, is not kept', async () => {
  await cache().write({ version: 'sha256:1', files: new Map(), archive: undefined });
  expect(readdirSync(directory)).toEqual([]);
});

const change = (edit: (bytes: Buffer) => Buffer) => () => writeFileSync(file(), edit(readFileSync(file())));

test.each<[string, () => void, RegExp]>([
  ['another byte', change((bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.of(7)])), /is damaged/],
  ['its end missing', change((bytes) => bytes.subarray(0, -5)), /is damaged/],
  ['no content', change(() => Buffer.alloc(0)), /is damaged/],
  ['only a line', change((bytes) => bytes.subarray(0, bytes.indexOf(10))), /is damaged/],
  ['something else in it', change(() => Buffer.from('secret text\n')), /is damaged/],
  [
    'another format',
    change((bytes) => Buffer.from(bytes.toString('latin1').replace('cache/1', 'cache/2'), 'latin1')),
    /is damaged/,
  ],
  [
    'another source in it',
    change((bytes) => Buffer.from(bytes.toString('latin1').replace('/a.tar.gz', '/b.tar.gz'), 'latin1')),
    /of another source/,
  ],
  [
    'no archive in it',
    change((bytes) => {
      const head = bytes.toString('utf8', 0, bytes.indexOf(10));
      const rest = Buffer.from('text');
      return Buffer.from(`${head.replace(/sha256:[0-9a-f]+/, digestBytes(rest))}\ntext`);
    }),
    /not a gzip/,
  ],
  ['more than it may have', () => truncateSync(file(), bundleLimits.totalBytes + 10_000), /too large/],
  [
    'a link in its place',
    () => {
      const path = file();
      const aside = mkdtempSync(join(tmpdir(), 'aside-'));
      renameSync(path, join(aside, 'f'));
      symlinkSync(join(aside, 'f'), path);
    },
    /ELOOP/,
  ],
  [
    'a directory in its place',
    () => {
      const path = file();
      rmSync(path);
      mkdirSync(path);
    },
    /not a regular file/,
  ],
])('with %s it is ignored, with a warning', async (_, damage, message) => {
  await cache().write(await bundle('{}'));
  expect((await cache().read())?.files.size).toBe(1);
  damage();
  expect(await cache().read()).toBeUndefined();
  expect(warnings).toEqual([expect.stringMatching(message)]);
  expect(warnings.join()).not.toContain('secret');
});

test('a pipe in the place of what is written is not waited for', async () => {
  await cache().write(await bundle('{}'));
  execFileSync('mkfifo', [`${file()}.tmp`]);
  await cache().write(await bundle('{"revision": "2"}'));
  expect(warnings).toEqual([expect.stringMatching(/could not be kept.*ENXIO/)]);
  expect((await cache().read())?.files.size).toBe(1);
});

test('what cannot be kept is a warning, and leaves what was there', async () => {
  writeFileSync(join(directory, 'file'), '');
  await cache(source, join(directory, 'file')).write(await bundle('{}'));
  expect(warnings).toEqual([expect.stringMatching(/could not be kept/)]);
  await cache().write(await bundle('{}'));
  const kept = readdirSync(directory).find((name) => name.endsWith('.bundle')) ?? '';
  mkdirSync(join(directory, `${kept}.tmp`));
  await cache().write(await bundle('{"revision": "2"}'));
  expect(warnings).toHaveLength(2);
  expect(existsSync(join(directory, kept))).toBe(true);
  expect(Buffer.from((await cache().read())?.files.get('.manifest') ?? []).toString()).toBe('{}');
});
