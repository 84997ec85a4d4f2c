import { createHash } from 'node:crypto';
import type { BundleFiles } from './files.ts';

/** `sha256:HEX` of these bytes. */
export function digestBytes(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** `sha256:HEX` of paths and contents, whatever their order. */
export function digestFiles(files: BundleFiles): string {
  const hash = createHash('sha256');
  for (const path of [...files.keys()].sort()) {
    const bytes = files.get(path) ?? new Uint8Array();
    hash.update(`${path}\0${String(bytes.length)}\0`).update(bytes);
  }
  return `sha256:${hash.digest('hex')}`;
}
