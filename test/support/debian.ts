import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../../deploy/image/command.ts';
import { cacheDirectory } from '../../deploy/image/paths.ts';

/**
 * A program of a Debian package, unpacked into the cache: nothing is installed, no service started, no root needed.
 * @param inPackage its path there; one that the system has at that place, or below /usr/local, is taken
 */
export async function debianProgram(name: string, inPackage: string): Promise<string> {
  const cached = join(cacheDirectory(), name);
  const local = `/${inPackage.replace(/^usr\//, 'usr/local/')}`;
  const found = [`/${inPackage}`, local, join(cached, inPackage)].find((file) => existsSync(file));
  if (found !== undefined) return found;
  mkdirSync(cacheDirectory(), { recursive: true });
  const draft = mkdtempSync(join(cacheDirectory(), `.${name}-`));
  try {
    await command('apt-get', ['download', name], { cwd: draft });
    const [file = ''] = readdirSync(draft);
    await command('dpkg-deb', ['-x', file, 'unpacked'], { cwd: draft });
    // Another run may have been faster.
    if (!existsSync(cached)) renameSync(join(draft, 'unpacked'), cached);
  } catch (cause) {
    throw new Error(`${name} is missing. On Debian: apt-get install ${name}\n${String(cause)}`, { cause });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return join(cached, inPackage);
}
