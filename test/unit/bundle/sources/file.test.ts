import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundleLimits } from '../../../../src/bundle/files.ts';
import { PolicyError } from '../../../../src/bundle/error.ts';
import { FileSource } from '../../../../src/bundle/sources/file.ts';
import { Poller } from '../../../../src/bundle/sources/poll.ts';
import { tarGz } from '../../../support/bundle.ts';
import { eventually } from '../../../support/eventually.ts';

let directory = '';
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'file-source-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const { signal } = new AbortController();
const archiveOf = (content: string) => tarGz([{ name: '.manifest', content }]);
const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ name: 'PolicyError', code, message: expect.stringMatching(message) });
const later = () => Date.now() + 60_000;

const write = async (content: string): Promise<Uint8Array> => {
  const archive = await archiveOf(content);
  writeFileSync(join(directory, 'b.tar.gz'), archive);
  return archive;
};
const fileSource = (now?: () => number) => new FileSource(join(directory, 'b.tar.gz'), now);
const directorySource = (now?: () => number) => new FileSource(directory, now);
/** As the kubelet does: everything in a new folder, then one rename. */
const swap = (mount: string, files: Readonly<Record<string, string | Uint8Array>>) => {
  const revision = mkdtempSync(join(mount, '..revision-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(revision, name), content);
  symlinkSync(revision, join(mount, '..data_tmp'));
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
};
const replacers = {
  'in place': async (path: string, content: string) => writeFileSync(path, await archiveOf(content)),
  'by a rename': async (path: string, content: string) => {
    writeFileSync(`${path}.new`, await archiveOf(content));
    renameSync(`${path}.new`, path);
  },
  'by the link of a ConfigMap': async (path: string, content: string) => {
    if (!lstatSync(path, { throwIfNoEntry: false })) symlinkSync('..data/b.tar.gz', path);
    swap(directory, { 'b.tar.gz': await archiveOf(content) });
  },
};

describe('a file', () => {
  test('goes by the digest of its content, and comes as it is', async () => {
    const archive = await write('{"revision": "1"}');
    const fetched = await fileSource().fetch(undefined, signal);
    expect(fetched?.version).toBe(`sha256:${createHash('sha256').update(archive).digest('hex')}`);
    expect(fetched?.archive).toEqual(Buffer.from(archive));
    expect([...(fetched?.files.keys() ?? [])]).toEqual(['.manifest']);
  });

  test('is nothing new while it stays, and after the same content was written again', async () => {
    await write('{}');
    const one = fileSource();
    const first = await one.fetch(undefined, signal);
    expect(await one.fetch(first?.version, signal)).toBeUndefined();
    await write('{}');
    expect(await one.fetch(first?.version, signal)).toBeUndefined();
  });

  test('is given to whoever does not know it', async () => {
    await write('{}');
    const one = fileSource(later);
    const first = await one.fetch(undefined, signal);
    expect(await one.fetch('sha256:other', signal)).toEqual(first);
    expect(await one.fetch(undefined, signal)).toEqual(first);
  });

  test.each(Object.entries(replacers))('replaced %s is seen', async (_, replace) => {
    const path = join(directory, 'b.tar.gz');
    await replace(path, '{"revision": "1"}');
    const one = fileSource(later);
    const first = await one.fetch(undefined, signal);
    expect(await one.fetch(first?.version, signal)).toBeUndefined();
    await replace(path, '{"revision": "2"}');
    const second = await one.fetch(first?.version, signal);
    expect(Buffer.from(second?.files.get('.manifest') ?? []).toString()).toBe('{"revision": "2"}');
  });

  test('changed within the resolution of its times is seen', async () => {
    const path = join(directory, 'b.tar.gz');
    const a = await archiveOf('{"revision": "1"}');
    const b = await archiveOf('{"revision": "2"}');
    expect(b.length).toBe(a.length);
    const one = fileSource();
    writeFileSync(path, a);
    const first = await one.fetch(undefined, signal);
    writeFileSync(path, b);
    const second = await one.fetch(first?.version, signal);
    expect(second?.archive).toEqual(Buffer.from(b));
  });

  test.each<[string, (path: string, whole: Uint8Array) => void]>([
    ['cut', (path, whole) => truncateSync(path, whole.length - 20)],
    ['empty', (path) => truncateSync(path, 0)],
    ['half new and half old', (path, whole) => writeFileSync(path, whole.with(20, ~(whole[20] ?? 0) & 0xff))],
    ['no archive', (path) => writeFileSync(path, '<html>')],
  ])('that is %s is an error, and read again when it is whole', async (_, damage) => {
    const old = await write('{"revision": "1"}');
    const one = fileSource();
    const first = await one.fetch(undefined, signal);
    damage(join(directory, 'b.tar.gz'), old);
    await expect(one.fetch(first?.version, signal)).rejects.toThrow(refusal('BundleUnreadable', /./));
    await write('{"revision": "2"}');
    expect((await one.fetch(first?.version, signal))?.files.size).toBe(1);
  });

  test('that is gone is an error that names it, and found when it is back', async () => {
    const one = fileSource();
    await expect(one.fetch(undefined, signal)).rejects.toThrow(
      refusal(
        'BundleNotFound',
        /b\.tar\.gz: there is no such file: check `policy\.bundle` or `--bundle`, and the mount$/,
      ),
    );
    await write('{}');
    expect((await one.fetch(undefined, signal))?.files.size).toBe(1);
  });

  test('that is too large is not read', async () => {
    await write('{}');
    truncateSync(join(directory, 'b.tar.gz'), bundleLimits.totalBytes + 1);
    await expect(fileSource().fetch(undefined, signal)).rejects.toThrow(
      refusal('BundleTooLarge', new RegExp(`${String(bundleLimits.totalBytes)} bytes`)),
    );
  });

  test('that is a pipe is refused, not waited for', async () => {
    execFileSync('mkfifo', [join(directory, 'b.tar.gz')]);
    await expect(fileSource().fetch(undefined, signal)).rejects.toThrow(
      refusal('BundleUnreadable', /neither a file nor a directory/),
    );
  });
});

describe('a directory', () => {
  test('goes by paths and contents, and has no archive', async () => {
    writeFileSync(join(directory, '.manifest'), '{}');
    const first = await directorySource(later).fetch(undefined, signal);
    expect(first).toMatchObject({
      version: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      archive: undefined,
    });
    utimesSync(join(directory, '.manifest'), 1, 1);
    expect((await directorySource(later).fetch(undefined, signal))?.version).toBe(first?.version);
    renameSync(join(directory, '.manifest'), join(directory, 'manifest'));
    expect((await directorySource(later).fetch(undefined, signal))?.version).not.toBe(first?.version);
  });

  test.each<[string, () => void]>([
    ['a file more', () => writeFileSync(join(directory, 'csr/more.rego'), 'package csr')],
    ['a file less', () => rmSync(join(directory, 'csr/data.json'))],
    ['other content', () => writeFileSync(join(directory, 'csr/data.json'), '{"a": 2}')],
  ])('with %s is seen', async (_, change) => {
    mkdirSync(join(directory, 'csr'));
    writeFileSync(join(directory, 'csr/data.json'), '{"a": 1}');
    const one = directorySource(later);
    const first = await one.fetch(undefined, signal);
    expect(await one.fetch(first?.version, signal)).toBeUndefined();
    change();
    const second = await one.fetch(first?.version, signal);
    expect(second?.version).toMatch(/^sha256:/);
    expect(second?.version).not.toBe(first?.version);
  });

  test('that somebody is still writing is not taken', async () => {
    writeFileSync(join(directory, '.manifest'), '{}');
    const fetching = directorySource().fetch(undefined, signal);
    const writer = setInterval(() => appendFileSync(join(directory, '.manifest'), ' '), 5);
    await expect(fetching.finally(() => clearInterval(writer))).rejects.toThrow(
      refusal('SourceChanging', /changed while it was read/),
    );
    expect((await directorySource().fetch(undefined, signal))?.files.size).toBe(1);
  });

  test('swapped by the link of a ConfigMap is seen whole', async () => {
    for (const name of ['a', 'b']) symlinkSync(`..data/${name}`, join(directory, name));
    swap(directory, { a: '1', b: '1' });
    const one = directorySource();
    const first = await one.fetch(undefined, signal);
    swap(directory, { a: '2', b: '2' });
    const second = await one.fetch(first?.version, signal);
    const text = [...(second?.files ?? [])].map(
      ([name, bytes]) => `${name}=${Buffer.from(bytes).toString()}`,
    );
    expect(text.sort()).toEqual(['a=2', 'b=2']);
  });
});

test('a stop ends the wait between two looks', async () => {
  writeFileSync(join(directory, '.manifest'), '{}');
  const stopped = AbortSignal.abort();
  await expect(new FileSource(directory).fetch(undefined, stopped)).rejects.toThrow(
    refusal('SourceStopped', /stopped/),
  );
});

test('a poller sees what is swapped in, and comes over what was broken in between', async () => {
  const path = join(directory, 'b.tar.gz');
  const replace = replacers['by the link of a ConfigMap'];
  await replace(path, '1');
  const seen: string[] = [];
  const poller = new Poller({
    source: fileSource(),
    delays: { minMs: 10, maxMs: 20, retryBaseMs: 10, retryCapMs: 20 },
    onBundle: ({ files }) => void seen.push(Buffer.from(files.get('.manifest') ?? []).toString()),
    onError: (cause) =>
      void (seen.at(-1) === 'error' || seen.push(cause instanceof PolicyError ? 'error' : 'bug')),
  });
  poller.start();
  await eventually(() => (seen.length === 1 ? true : undefined));
  await replace(path, '2');
  await eventually(() => (seen.length === 2 ? true : undefined));
  swap(directory, { 'b.tar.gz': 'half' });
  await eventually(() => (seen.length === 3 ? true : undefined));
  await replace(path, '3');
  await eventually(() => (seen.length === 4 ? true : undefined));
  await poller.stop();
  expect(seen).toEqual(['1', '2', 'error', '3']);
});
