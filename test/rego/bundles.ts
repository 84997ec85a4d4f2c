/** Every policy directory of this repository that a bundle is made of. */
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { policiesPath } from './paths.ts';

export const exampleNames = readdirSync(policiesPath('examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'review')
  .map(({ name }) => name);

/**
 * Puts an example's files over a copy of the default policy, as its README says.
 * @returns the directory
 */
export function exampleDirectory(name: string, scratch: string): string {
  const directory = join(scratch, name);
  mkdirSync(directory);
  cpSync(policiesPath('default'), directory, { recursive: true });
  cpSync(policiesPath(`examples/${name}/policy`), directory, { recursive: true });
  return directory;
}
