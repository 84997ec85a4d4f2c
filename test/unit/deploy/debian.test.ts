import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fetchPackage, packagesOf, type DebianPackage } from '../../../deploy/image/debian.ts';
import { locked } from '../../../deploy/image/node-package.ts';
import { platforms } from '../../../deploy/image/platforms.ts';

/** What is downloaded for the image is what is recorded, or is not used. */

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'debian-'));
  vi.stubEnv('XDG_CACHE_HOME', scratch);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

const recorded: DebianPackage = {
  name: 'libc6',
  version: '2.36-9',
  source: 'glibc',
  architecture: 'arm64',
  sha256: createHash('sha256').update('good').digest('hex'),
};

/** An archive that has that content for everything; remembers what it was asked for. */
function archive(content: string) {
  const asked: string[] = [];
  const download = (what: string) => {
    asked.push(what);
    const file = join(scratch, `download-${String(asked.length)}`);
    writeFileSync(file, content);
    return Promise.resolve(file);
  };
  return { asked, apt: () => Promise.resolve({ download }) };
}

test('takes the recorded bytes, by exact version and architecture, and asks once', async () => {
  const { asked, apt } = archive('good');
  const file = await fetchPackage(recorded, apt);
  expect(readFileSync(file, 'utf8')).toBe('good');
  expect(await fetchPackage(recorded, apt)).toBe(file);
  expect(asked).toEqual(['libc6:arm64=2.36-9']);
});

test('refuses other bytes under the same version, and keeps none of them', async () => {
  const refused = expect.objectContaining({
    code: 'PackageChanged',
    message: expect.stringContaining('libc6 2.36-9'),
  });
  await expect(fetchPackage(recorded, archive('other').apt)).rejects.toThrow(refused);
  const { asked, apt } = archive('good');
  await fetchPackage(recorded, apt);
  expect(asked).toHaveLength(1);
});

test('does not believe its cache', async () => {
  const file = await fetchPackage(recorded, archive('good').apt);
  writeFileSync(file, 'spoilt');
  const { asked, apt } = archive('good');
  expect(readFileSync(await fetchPackage(recorded, apt), 'utf8')).toBe('good');
  expect(asked).toHaveLength(1);
});

test('each platform has every package once, and its Node is pinned', () => {
  for (const platform of platforms) {
    expect(packagesOf(platform).map(({ name }) => name)).toEqual([
      'ca-certificates',
      'gcc-12-base',
      'libc6',
      'libgcc-s1',
      'libstdc++6',
    ]);
    expect(locked(`node_modules/${platform.node}`).version).toBe(process.versions.node);
  }
});

test('what the lock file does not pin is refused', () => {
  expect(() => locked('node_modules/left-pad')).toThrow(expect.objectContaining({ code: 'ListInvalid' }));
});
