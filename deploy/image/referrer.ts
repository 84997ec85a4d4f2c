/** An SBOM as an OCI artifact that refers to the image manifest it describes (OCI image specification 1.1). */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { blobFile, type Descriptor } from './layout.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
export const sbomType = 'application/vnd.cyclonedx+json';

/** Where clients look in registries without the referrers API (distribution specification 1.1, referrers tag schema). */
export const referrersTag = (digest: string): string => digest.replace(':', '-');

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));

/** Writes an OCI layout with one tag, `referrersTag(subject.digest)`: the index of what refers to the subject. */
export function writeReferrers(layout: string, subject: Descriptor, sbomFile: string): string {
  const sbom = readFileSync(sbomFile);
  const add = (content: Buffer, mediaType: string) => {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    mkdirSync(dirname(blobFile(layout, digest)), { recursive: true });
    writeFileSync(blobFile(layout, digest), content);
    return { mediaType, digest, size: content.length };
  };
  const { mediaType, digest, size } = subject;
  const artifact = {
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: sbomType,
    config: add(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json'),
    layers: [add(sbom, sbomType)],
    subject: { mediaType, digest, size },
  };
  // Without its artifactType, which belongs here too: skopeo 1.9 drops it in an index, and then the digest is another.
  const member = add(json(artifact), manifestType);
  const index = add(json({ schemaVersion: 2, mediaType: indexType, manifests: [member] }), indexType);
  const tag = referrersTag(digest);
  const named = { ...index, annotations: { 'org.opencontainers.image.ref.name': tag } };
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  return tag;
}
