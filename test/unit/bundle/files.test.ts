import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { gunzipSync, gzipSync } from 'node:zlib';
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
      'symbolic link',
    ],
    ['a hard link', { name: 'a', type: 'link', linkname: '.manifest' }, 'BundleEntryRefused', 'link'],
    ['a device', { name: 'a', type: 'character-device' }, 'BundleEntryRefused', 'device'],
    ['a pipe', { name: 'a', type: 'fifo' }, 'BundleEntryRefused', 'fifo'],
    ['with an empty part', { name: 'csr//x' }, 'BundlePathInvalid', ''],
    ['with two slashes before it', { name: '//x' }, 'BundlePathInvalid', ''],
    ['with a line break', { name: 'csr/a\nb' }, 'BundlePathInvalid', String.raw`a\nb`],
    ['without a name', { name: '' }, 'BundlePathInvalid', ''],
    ['that is very long', { name: 'x/'.repeat(600) + 'x' }, 'BundlePathInvalid', ''],
    ['a folder out of the bundle', { name: '../x', type: 'directory' }, 'BundlePathInvalid', ''],
    ['a block device', { name: 'a', type: 'block-device' }, 'BundleEntryRefused', 'block device'],
    ['one that is there already', { name: '/.manifest' }, 'BundleEntryRefused', 'twice'],
    ['the same by another spelling', { name: './.manifest' }, 'BundleEntryRefused', 'twice'],
  ])('%s', async (_, member, code, message) => {
    await expect(unpackBundle(await tarGz([...good, member]))).rejects.toThrow(refusal(code, message));
  });
});

test('names that need more than a header, as Go, POSIX and GNU write them, are read', async () => {
  const long = `csr/${'ü'.repeat(200)}/data.json`;
  const split = `${'a'.repeat(120)}/${'b'.repeat(90)}`;
  const files = await unpackBundle(await tarGz([{ name: long }, { name: split }]));
  expect([...files.keys()]).toEqual([long, split]);
  const gnu = join(directory, 'gnu');
  mkdirSync(join(gnu, 'x'.repeat(150)), { recursive: true });
  writeFileSync(join(gnu, 'x'.repeat(150), 'data.json'), '{}');
  for (const format of ['gnu', 'posix']) {
    const archive = execFileSync('tar', ['-C', gnu, `--format=${format}`, '-czf', '-', '.']);
    // oxlint-disable-next-line no-await-in-loop -- two
    expect([...(await unpackBundle(archive)).keys()]).toEqual([`${'x'.repeat(150)}/data.json`]);
  }
});

/** The good archive with one thing changed in its uncompressed bytes. */
const edited = async (edit: (tar: Buffer) => Uint8Array | void): Promise<Uint8Array> => {
  const tar = gunzipSync(await tarGz(good));
  return gzipSync(edit(tar) ?? tar);
};
/** A header with its checksum made right again. */
const sealed = (tar: Buffer, at = 0): Buffer => {
  tar.fill(' ', at + 148, at + 156);
  const sum = tar.subarray(at, at + 512).reduce((all, byte) => all + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  return tar;
};
const typed = (flag: string) =>
  edited((tar) => {
    tar.write(flag, 156, 'latin1');
    return sealed(tar);
  });
const extended = async (...records: string[]): Promise<Uint8Array> => {
  const tar = gunzipSync(await tarGz([...records.map((content) => ({ name: 'pax', content })), ...good]));
  let at = 0;
  for (const record of records) {
    tar.write('x', at + 156, 'latin1');
    sealed(tar, at);
    at += 512 + Math.ceil(record.length / 512) * 512;
  }
  return gzipSync(tar);
};

describe('what readers of tar and gzip disagree about is refused', () => {
  test.each<[string, () => Promise<Uint8Array>, string, string]>([
    [
      'a second gzip member',
      async () => Buffer.concat([await tarGz(good), gzipSync('')]),
      'BundleUnreadable',
      'follow',
    ],
    [
      'bytes behind the archive',
      async () => Buffer.concat([await tarGz(good), Buffer.from('x')]),
      'BundleUnreadable',
      '1 bytes follow',
    ],
    [
      'zeros behind the archive',
      async () => Buffer.concat([await tarGz(good), Buffer.alloc(512)]),
      'BundleUnreadable',
      'follow',
    ],
    [
      'a wrong length at the end',
      async () => {
        const b = Buffer.from(await tarGz(good));
        b[b.length - 1] = 1;
        return b;
      },
      'BundleUnreadable',
      'checksum',
    ],
    [
      'an archive without its last bytes',
      async () => (await tarGz(good)).subarray(0, -4),
      'BundleUnreadable',
      'cut off',
    ],
    [
      'another archive behind the end',
      () => edited((tar) => Buffer.concat([tar, tar])),
      'BundleUnreadable',
      'follows the end',
    ],
    [
      'a header of star, whose prefix is shorter',
      () => edited((tar) => (tar.write('tar\0', 508, 'latin1'), sealed(tar))),
      'BundleEntryRefused',
      'do not agree',
    ],
    [
      'a header of GNU with what Go takes for a prefix',
      () => edited((tar) => (tar.write('ustar  \0', 257, 'latin1'), tar.write('evil', 345), sealed(tar))),
      'BundleEntryRefused',
      'do not agree',
    ],
    [
      'two extended headers, of which Go forgets the first',
      () => extended('13 path=evil\n', '19 comment=nothing\n'),
      'BundleUnreadable',
      'two extended headers',
    ],
    [
      'an extended header of many records',
      () => extended('6 a=b\n'.repeat(11_000)),
      'BundleUnreadable',
      'too long',
    ],
    ['no end', () => edited((tar) => tar.subarray(0, -1024)), 'BundleUnreadable', 'cut off'],
    ['half an end', () => edited((tar) => tar.subarray(0, -512)), 'BundleUnreadable', 'cut off'],
    ['half a file', () => edited((tar) => tar.subarray(0, 1200)), 'BundleUnreadable', ''],
    [
      'a header that was changed',
      () => edited((tar) => void tar.write('/.manifesu', 0)),
      'BundleUnreadable',
      'checksum',
    ],
    [
      'a size in base 256',
      () =>
        edited((tar) => {
          tar[124] = 0x80;
          return sealed(tar);
        }),
      'BundleUnreadable',
      'number',
    ],
    [
      'a size that is none',
      () =>
        edited((tar) => {
          tar.write('0000000000z', 124);
          return sealed(tar);
        }),
      'BundleUnreadable',
      'number',
    ],
    [
      'a name with something hidden',
      () =>
        edited((tar) => {
          tar.write('x', 50);
          return sealed(tar);
        }),
      'BundleUnreadable',
      'name',
    ],
    [
      'a name that is not UTF-8',
      () =>
        edited((tar) => {
          tar[1] = 0xff;
          return sealed(tar);
        }),
      'BundleUnreadable',
      'UTF-8',
    ],
    [
      'tar of an old kind',
      () =>
        edited((tar) => {
          tar.fill(0, 257, 265);
          return sealed(tar);
        }),
      'BundleUnreadable',
      'old kind',
    ],
    ['a sparse file', () => typed('S'), 'BundleEntryRefused', 'sparse'],
    ['a contiguous file', () => typed('7'), 'BundleEntryRefused', 'contiguous'],
    ['a global header', () => typed('g'), 'BundleEntryRefused', 'global header'],
    ['a long link name', () => typed('K'), 'BundleEntryRefused', 'long link'],
    ['a volume', () => typed('V'), 'BundleEntryRefused', 'unknown kind'],
    ['a folder with content', () => typed('5'), 'BundleEntryRefused', 'with content'],
    [
      'a file that is a folder',
      () => tarGz([{ name: 'csr/', content: '' }]),
      'BundleEntryRefused',
      'a file and a directory',
    ],
    ['an extended header with a size', () => extended('9 size=1\n'), 'BundleEntryRefused', '"size"'],
    [
      'an extended header of a sparse file',
      () => extended('22 GNU.sparse.major=1\n'),
      'BundleEntryRefused',
      'GNU.sparse',
    ],
    [
      'an extended header with two paths',
      () => extended('10 path=a\n10 path=b\n'),
      'BundleEntryRefused',
      '"path"',
    ],
    [
      'an extended header that is malformed',
      () => extended('99 path=a\n'),
      'BundleUnreadable',
      'extended header',
    ],
    [
      'a name without a file',
      async () => {
        const tar = gunzipSync(await tarGz([{ name: 'n', content: '10 path=a\n' }]));
        tar.write('x', 156, 'latin1');
        return gzipSync(sealed(tar));
      },
      'BundleEntryRefused',
      'without a file',
    ],
  ])('%s', async (_, bytes, code, message) => {
    await expect(unpackBundle(await bytes())).rejects.toThrow(refusal(code, message));
  });
});

describe('is refused', () => {
  const empty = new Uint8Array();
  test.each<[string, () => Promise<Uint8Array> | Uint8Array, string]>([
    [
      'a gzip bomb that would be an archive',
      async () =>
        gzipSync(Buffer.concat([gunzipSync(await tarGz(good)), Buffer.alloc(bundleLimits.totalBytes)])),
      'BundleTooLarge',
    ],
    [
      'too much in all',
      () =>
        tarGz(
          ['a', 'b', 'c'].map((name) => ({ name, content: Buffer.alloc(bundleLimits.entryBytes - 1024) })),
        ),
      'BundleTooLarge',
    ],
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
    await expect(readBundleFiles(path)).rejects.toThrow(refusal('BundleEntryRefused', 'a symbolic link'));
  });

  test('to a ConfigMap whose files are in folders', async () => {
    const path = make('configmap-folders', (at) => {
      mkdirSync(join(at, '..2026', 'csr', 'x'), { recursive: true });
      writeFileSync(join(at, '..2026', 'csr', 'x', 'data.json'), '{}');
      symlinkSync('..2026', join(at, '..data'));
      symlinkSync('..data/csr', join(at, 'csr'));
    });
    expect([...(await readBundleFiles(path)).keys()]).toEqual(['csr/x/data.json']);
  });

  test("with a link to a file, which may be anybody's", async () => {
    const path = make('link', (at) => symlinkSync('/etc/hostname', join(at, 'data.json')));
    await expect(readBundleFiles(path)).rejects.toThrow(refusal('BundleEntryRefused', 'a symbolic link'));
  });

  test.each(['/etc', '../elsewhere', '..2026'])('whose ..data leads out of it, to %s', async (target) => {
    const path = make(`out-${basename(target)}`, (at) => {
      mkdirSync(join(at, '..', 'elsewhere'), { recursive: true });
      symlinkSync('/etc', join(at, '..2026'));
      symlinkSync(target, join(at, '..data'));
    });
    await expect(readBundleFiles(path)).rejects.toThrow(refusal('BundleEntryRefused', 'leads out of'));
  });

  test('to a pipe, which nobody fills', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    await expect(readBundleFiles(path)).rejects.toThrow(refusal('BundleEntryRefused', 'not a regular file'));
  });

  test('to an unpacked bundle with a file too large, which is not read', async () => {
    const path = make('large', (at) => {
      writeFileSync(join(at, 'data.json'), '');
      truncateSync(join(at, 'data.json'), bundleLimits.entryBytes + 1);
    });
    await expect(readBundleFiles(path)).rejects.toThrow(refusal('BundleTooLarge', 'data.json'));
  });
});
