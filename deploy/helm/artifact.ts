/** The chart as an OCI artifact, as `helm push` makes it (HIP-0006), but with the same digest for the same archive. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { blobFile } from '../image/layout.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const configType = 'application/vnd.cncf.helm.config.v1+json';
const contentType = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';

const metadata = z.looseObject({ name: z.string(), version: z.string(), description: z.string() });

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));

export interface Artifact {
  /** Of the manifest. */
  readonly digest: string;
  readonly manifest: Buffer;
  readonly blobs: readonly Buffer[];
  readonly version: string;
}

const describe = (content: Buffer, mediaType: string) => ({
  mediaType,
  digest: `sha256:${createHash('sha256').update(content).digest('hex')}`,
  size: content.length,
});

/** @param root of the repository, with the Chart.yaml that is in the archive */
export function artifactOf(root: string, archive: Buffer): Artifact {
  const chart = metadata.parse(parse(readFileSync(join(root, 'deploy/chart/Chart.yaml'), 'utf8')));
  const config = json(chart);
  const manifest = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe(config, configType),
    layers: [describe(archive, contentType)],
    annotations: {
      'org.opencontainers.image.title': chart.name,
      'org.opencontainers.image.version': chart.version,
      'org.opencontainers.image.description': chart.description,
    },
  });
  const { digest } = describe(manifest, manifestType);
  return { digest, manifest, blobs: [config, archive], version: chart.version };
}

/** Writes an OCI image layout with the artifact under its version. */
export function writeArtifact(layout: string, { manifest, blobs, version }: Artifact): void {
  for (const content of [manifest, ...blobs]) {
    const file = blobFile(layout, describe(content, '').digest);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  const named = {
    ...describe(manifest, manifestType),
    annotations: { 'org.opencontainers.image.ref.name': version },
  };
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
}
