import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { buildImage, type Origin } from '../../deploy/image/build.ts';
import { command } from '../../deploy/image/command.ts';
import { blobFile, indexDigest, platformManifests } from '../../deploy/image/layout.ts';
import { programFiles } from '../../deploy/program/files.ts';
import { version } from '../../src/cli/version.ts';
import { layout, output } from './container.ts';

const root = new URL('../../', import.meta.url).pathname;
let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'reproducible-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const read = (digest = ''): unknown => JSON.parse(readFileSync(blobFile(layout, digest), 'utf8'));

/** Of the image that is there: the repository may have moved on since. */
function origin(): Origin {
  const [manifest] = platformManifests(layout, indexDigest(layout, version));
  const { config } = z.object({ config: z.object({ digest: z.string() }) }).parse(read(manifest?.digest));
  const { Labels: labels } = z
    .object({ config: z.object({ Labels: z.record(z.string(), z.string()) }) })
    .parse(read(config.digest)).config;
  return {
    time: Date.parse(labels['org.opencontainers.image.created'] ?? '') / 1000,
    revision: labels['org.opencontainers.image.revision'] ?? '',
  };
}

test('another build of the same sources has the same digest, whatever the folder, the umask and the time zone', async () => {
  const again = join(scratch, 'again');
  const script = 'umask 077; exec "$0" deploy/image/main.ts build "$1"';
  const { time, revision } = origin();
  const out = await command('bash', ['-c', script, process.execPath, again], {
    cwd: root,
    env: {
      ...process.env,
      SOURCE_DATE_EPOCH: String(time),
      REVISION: revision,
      TMPDIR: scratch,
      TZ: 'Asia/Tokyo',
      LC_ALL: 'C',
    },
  });
  const digest = indexDigest(layout, version);
  expect(out, 'if sources have changed since, run `make image` first').toBe(
    `${join(again, 'layout')} ${digest}\n`,
  );
  for (const file of ['sbom-amd64.cdx.json', 'sbom-arm64.cdx.json']) {
    expect(readFileSync(join(again, file))).toEqual(readFileSync(join(output, file)));
  }
});

/** The program's files below a folder, in base64: vitest compares that faster than bytes. */
const programIn = (folder: string) =>
  programFiles.map((file) => readFileSync(join(folder, file)).toString('base64'));

test('so are the bundles and the program in it, made anew from the policies and the sources', async () => {
  const changed = ['floor/.manifest', 'default/.manifest', 'template/README.md'];
  const policy = changed.flatMap((file) => ['-W', `policies/${file}`]);
  const { NODE_OPTIONS: _, ...env } = process.env;
  await command('make', ['--no-print-directory', ...policy, 'build'], { cwd: root, env });
  const inImage = programIn(join(output, 'context/rootfs-amd64/usr/lib/rego-csr-approver'));
  const anew = programIn(join(root, 'dist'));
  expect(anew.map(({ length }) => length)).toEqual(inImage.map(({ length }) => length));
  expect(anew).toEqual(inImage);
});

test('another time makes another image: the digest is not blind', async () => {
  const { time, revision } = origin();
  const { digest } = await buildImage(join(scratch, 'later'), { time: time + 1, revision });
  expect(digest).not.toBe(indexDigest(layout, version));
});
