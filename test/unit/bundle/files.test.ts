import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { bundleLimits, readBundleFiles, unpackBundle } from '../../../src/bundle/files.ts';
import { type Member, tarGz } from '../../support/bundle.ts';

const directory = mkdtempSync(join(tmpdir(), 'bundle-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

const good: Member[] = [
  { name: '/.manifest', content: '{}' },
  { name: '/csr/x/data.yaml', content: 'a: 1' },
];
const refusal = (code: string, message = '') =>
  expect.objectContaining({ name: 'PolicyError', code, message: expect.stringContaining(message) });

test('members keep their paths without the leading slash', async () => {
  const files = await unpackBundle(await tarGz([...good, { name: 'csr/', type: 'directory' }]));
  expect([...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()])).toEqual([
    ['.manifest', '{}'],
    ['csr/x/data.yaml', 'a: 1'],
  ]);
});

describe('a good archive with one member more is refused', () => {
  test.each<[string, Member, string, string]>([
    ['out of the bundle', { name: '../etc/passwd' }, 'BundlePathInvalid', '"../etc/passwd"'],
    ['out of the bundle, deep', { name: 'csr/../../x' }, 'BundlePathInvalid', ''],
    ['out of the bundle, at the end', { name: 'csr/..' }, 'BundlePathInvalid', ''],
    ['at a dot', { name: 'csr/./x' }, 'BundlePathInvalid', ''],
    ['with a backslash', { name: String.raw`csr\..\x` }, 'BundlePathInvalid', ''],
    [
      'a symbolic link',
      { name: 'a', type: 'symlink', linkname: '/etc/passwd' },
      'BundleEntryRefused',
      'symlink',
    ],
    ['a hard link', { name: 'a', type: 'link', linkname: '.manifest' }, 'BundleEntryRefused', 'link'],
    ['a device', { name: 'a', type: 'character-device' }, 'BundleEntryRefused', 'device'],
    ['a pipe', { name: 'a', type: 'fifo' }, 'BundleEntryRefused', 'fifo'],
    ['one that is there already', { name: '/.manifest' }, 'BundleEntryRefused', 'twice'],
    ['the same by another spelling', { name: './.manifest' }, 'BundleEntryRefused', 'twice'],
  ])('%s', async (_, member, code, message) => {
    await expect(unpackBundle(await tarGz([...good, member]))).rejects.toThrow(refusal(code, message));
  });
});

describe('is refused', () => {
  const empty = new Uint8Array();
  test.each<[string, () => Promise<Uint8Array> | Uint8Array, string]>([
    ['nothing', () => empty, 'BundleUnreadable'],
    ['a text', () => Buffer.from('hello'), 'BundleUnreadable'],
    [
      'a tar that is not compressed',
      async () => Buffer.from('csr/x/data.json'.padEnd(1024, '\0')),
      'BundleUnreadable',
    ],
    ['a compressed text', () => gzipSync('hello'), 'BundleUnreadable'],
    ['half an archive', async () => (await tarGz(good)).subarray(0, 60), 'BundleUnreadable'],
    [
      'an archive with one byte changed',
      async () => {
        const bytes = Buffer.from(await tarGz(good));
        bytes[bytes.length - 6] = (bytes.at(-6) ?? 0) ^ 0xff;
        return bytes;
      },
      'BundleUnreadable',
    ],
    [
      'a gzip bomb',
      () => gzipSync(Buffer.alloc(bundleLimits.totalBytes + (1 << 20)), { level: 9 }),
      'BundleTooLarge',
    ],
    [
      'one file too large',
      () => tarGz([{ name: 'data.json', content: Buffer.alloc(bundleLimits.entryBytes + 1) }]),
      'BundleTooLarge',
    ],
    [
      'too many files',
      () =>
        tarGz(
          Array.from({ length: bundleLimits.entries + 1 }, (_, index) => ({ name: `f${String(index)}` })),
        ),
      'BundleTooLarge',
    ],
  ])('%s', async (_, bytes, code) => {
    await expect(unpackBundle(await bytes())).rejects.toThrow(refusal(code));
  });
});

const make = (name: string, fill: (path: string) => void): string => {
  const path = join(directory, name);
  mkdirSync(path);
  fill(path);
  return path;
};

describe('a path', () => {
  test('that is not there', async () => {
    const path = join(directory, 'missing.tar.gz');
    await expect(readBundleFiles(path)).rejects.toThrow(refusal('BundleNotFound', path));
  });

  test('to an archive', async () => {
    const path = join(directory, 'good.tar.gz');
    writeFileSync(path, await tarGz(good));
    expect([...(await readBundleFiles(path)).keys()]).toEqual(['.manifest', 'csr/x/data.yaml']);
  });

  test('to an unpacked bundle', async () => {
    const path = make('unpacked', (at) => {
      mkdirSync(join(at, 'csr'));
      writeFileSync(join(at, '.manifest'), '{}');
      writeFileSync(join(at, 'csr', 'data.json'), '{}');
    });
    expect([...(await readBundleFiles(path)).keys()].sort()).toEqual(['.manifest', 'csr/data.json']);
  });

  test('to a mounted ConfigMap, whose files are links', async () => {
    const path = make('configmap', (at) => {
      mkdirSync(join(at, '..2026'));
      writeFileSync(join(at, '..2026', 'data.json'), '{}');
      symlinkSync('..2026', join(at, '..data'));
      symlinkSync('..data/data.json', join(at, 'data.json'));
    });
    expect([...(await readBundleFiles(path)).keys()]).toEqual(['data.json']);
  });

  test('with a link to a directory, which may lead anywhere and round in circles', async () => {
    const path = make('circle', (at) => symlinkSync('.', join(at, 'again')));
    await expect(readBundleFiles(path)).rejects.toThrow(refusal('BundleEntryRefused', 'link to a directory'));
  });
});
