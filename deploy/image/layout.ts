/** Reads what is needed of an OCI image layout (OCI image specification, image-layout.md). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ImageError } from './error.ts';

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.int(),
  annotations: z.record(z.string(), z.string()).optional(),
  platform: z.object({ architecture: z.string(), os: z.string() }).optional(),
});
export type Descriptor = z.infer<typeof descriptor>;
const index = z.object({ manifests: z.array(descriptor) });

export const blobFile = (layout: string, digest: string): string =>
  join(layout, 'blobs', digest.replace(':', '/'));

/** Digest of what the tag names. */
export function indexDigest(layout: string, tag: string): string {
  const { manifests } = index.parse(JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')));
  const found = manifests.find(
    ({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag,
  );
  if (found === undefined) throw new ImageError('FileMissing', `${layout} has no ${tag}: run \`make image\``);
  return found.digest;
}

/** The image manifests of an index, in its order. */
export function platformManifests(layout: string, digest: string): Descriptor[] {
  return index.parse(JSON.parse(readFileSync(blobFile(layout, digest), 'utf8'))).manifests;
}

const manifest = z.object({ config: descriptor });
const config = z.object({ config: z.object({ Labels: z.record(z.string(), z.string()) }) });

/** The labels of an image manifest. */
export function labelsOf(layout: string, digest: string): Readonly<Record<string, string>> {
  const read = (name: string): unknown => JSON.parse(readFileSync(blobFile(layout, name), 'utf8'));
  return config.parse(read(manifest.parse(read(digest)).config.digest)).config.Labels;
}
