import { parseBundle } from '../bundle/bundle.ts';
import type { BundleFiles } from '../bundle/files.ts';
import type { Json } from './changes.ts';
import { change } from './changes.ts';

const dataFile = /(^|\/)data\.(json|ya?ml)$/;

/**
 * The files of a bundle with other data.
 * @returns the files, or the first path at which the bundle has nothing to change
 */
export function withData(
  files: BundleFiles,
  changes: Readonly<Json>,
): BundleFiles | { readonly nowhere: string } {
  if (Object.keys(changes).length === 0) return files;
  const data: Json = structuredClone({ ...parseBundle(files).data });
  const nowhere = change(data, changes);
  if (nowhere !== undefined) return { nowhere };
  const kept = [...files].filter(([path]) => !dataFile.test(path));
  return new Map([...kept, ['data.json', new TextEncoder().encode(JSON.stringify(data))]]);
}
