import { parseBundle } from '../bundle/bundle.ts';
import type { BundleFiles } from '../bundle/files.ts';
import type { Overlay } from '../bundle/overlay.ts';
import { withOverlays } from '../policy/knobs.ts';
import type { Json } from './changes.ts';
import { change } from './changes.ts';

/**
 * The files of a bundle with overlays laid over its data: below the changes of cases, which may set any path, and any
 * type, since what comes of a mistake is what they test.
 */
export function overlaid(files: BundleFiles, overlays: readonly Overlay[]): BundleFiles {
  return overlays.length === 0 ? files : replaceData(files, withOverlays(parseBundle(files), overlays).data);
}

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
  return replaceData(files, data);
}

function replaceData(files: BundleFiles, data: Readonly<Json>): BundleFiles {
  const kept = [...files].filter(([path]) => !dataFile.test(path));
  return new Map([...kept, ['data.json', new TextEncoder().encode(JSON.stringify(data))]]);
}
