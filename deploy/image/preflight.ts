/** The programs that making, pushing and testing an image need, and the Debian packages that have them. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { command } from './command.ts';
import { ImageError } from './error.ts';

const debianPackages = {
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  buildah: 'buildah',
  skopeo: 'skopeo',
  umoci: 'umoci',
  runc: 'runc',
  'docker-registry': 'docker-registry',
  'qemu-aarch64-static': 'qemu-user-static',
} as const;

export type Program = keyof typeof debianPackages;

const directories = (): string[] => [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];

/** Its path, also where PATH lacks the directories of the administrator's programs; undefined when it is missing. */
export function find(program: Program): string | undefined {
  return directories()
    .map((directory) => join(directory, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Installs what is missing where it may (root, on Debian or its kin); else throws `ToolsMissing` with the command. */
export async function need(
  programs: readonly Program[],
  say: (line: string) => void,
  isRoot = process.getuid?.() === 0,
): Promise<void> {
  const missing = () => programs.filter((program) => find(program) === undefined);
  const names = missing();
  if (names.length === 0) return;
  const args = ['install', '-y', '--no-install-recommends', ...names.map((name) => debianPackages[name])];
  const refusal = `missing: ${names.join(', ')}. On Debian: apt-get ${args.join(' ')}`;
  if (!isRoot || find('apt-get') === undefined) throw new ImageError('ToolsMissing', refusal);
  say(`${names.join(', ')} missing, and this is root: apt-get ${args.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Another run may be installing: wait for its lock.
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  try {
    await command('apt-get', [...wait, 'update'], { env });
    await command('apt-get', [...wait, ...args], { env });
  } catch (cause) {
    throw new ImageError('ToolsMissing', `${refusal}\n${String(cause)}`, { cause });
  }
  if (missing().length > 0) throw new ImageError('ToolsMissing', refusal);
}
