import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { version } from '../../src/cli/version.ts';
import { Unpacked } from './container.ts';
import { deploymentPod } from './pod.ts';

/** The image of the other platform, as it is run where only that one was pushed to the registry. */

const arch = process.arch === 'x64' ? 'arm64' : 'amd64';
const emulated = existsSync(`/proc/sys/fs/binfmt_misc/qemu-${arch === 'arm64' ? 'aarch64' : 'x86_64'}`);
let image: Unpacked;
beforeAll(async () => {
  image = await Unpacked.of(arch);
});
afterAll(() => image?.remove());

test('ends at once, and its log says why in the words of the guide', async () => {
  const container = image.start({ pod: deploymentPod(), args: ['--version'], mounts: {} });
  const code = await container.end();
  // A kernel that hands foreign programs to an emulator runs it.
  expect({ code, out: container.stdout, log: container.log.trim() }).toEqual(
    emulated
      ? { code: 0, out: `${version}\n`, log: '' }
      : { code: 1, out: '', log: expect.stringContaining('exec /usr/bin/node: exec format error') },
  );
});
