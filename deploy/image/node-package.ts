/** Node as npm publishes it for a platform, at the version and with the hash that the lock file pins. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { command } from './command.ts';
import { ImageError } from './error.ts';
import { cacheDirectory, root } from './paths.ts';

const schema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional() }),
  ),
});

export interface Locked {
  readonly version: string;
  /** Subresource integrity: `sha512-BASE64` of the tarball. */
  readonly integrity: string;
}

/** @param path as the lock file has it, `node_modules/NAME` */
export function locked(path: string): Locked {
  const { packages } = schema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const { version, integrity } = packages[path] ?? {};
  if (version === undefined || integrity === undefined) {
    throw new ImageError('ListInvalid', `package-lock.json does not pin ${path}`);
  }
  return { version, integrity };
}

/** A folder with the package's `bin/node` and `LICENSE`, from the cache or from npm. */
export async function fetchNode(name: string): Promise<string> {
  const { version, integrity } = locked(`node_modules/${name}`);
  const hash = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
  const place = join(cacheDirectory(), 'npm', `${name}-${version}-${hash.slice(0, 12)}`);
  if (existsSync(place)) return place;
  mkdirSync(dirname(place), { recursive: true });
  const draft = mkdtempSync(`${place}.`);
  try {
    await command('npm', ['pack', '--silent', '--pack-destination', draft, `${name}@${version}`]);
    const tarball = join(draft, readdirSync(draft)[0] ?? '');
    const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    if (found !== integrity) {
      throw new ImageError(
        'PackageChanged',
        `${name} ${version} is ${found}, locked is ${integrity}: do not build`,
      );
    }
    const members = ['package/bin/node', 'package/LICENSE'];
    await command('tar', ['-xzf', tarball, '-C', draft, '--no-same-owner', ...members]);
    // In place by a rename: an interrupted run leaves no half of it.
    if (!existsSync(place)) renameSync(join(draft, 'package'), place);
    return place;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
