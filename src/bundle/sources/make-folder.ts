import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder with all above it that are missing; one that is there stays as it is. Node's own `recursive` tries for
 * ever, at the cost of a CPU, where a folder cannot be made in one that is there: below /proc, and by a relative path
 * when the working directory has been removed.
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(folder, mode);
  } catch (cause) {
    if (await isThere(folder)) return;
    const above = dirname(folder);
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (!isMissing || above === folder || (await isThere(above))) throw cause;
    await makeFolder(above, mode);
    await makeFolder(folder, mode);
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
