import { z } from 'zod';
import { escapeText } from '../../text/escape.ts';
import { PolicyError } from '../error.ts';
import { bundleLimits } from '../files.ts';
import { SourceError } from './error.ts';
import { sha256 } from './oci-reference.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
/** The types of a bundle's layer: that of OPA's documentation, and that of `opa` and `policy` registries before it. */
const layerTypes: readonly string[] = [
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.cncf.openpolicyagent.layer.v1.tar+gzip',
];

/** Also of an index, so that it is refused for what it is and not as "not found". */
export const acceptedManifests = [manifestType, ...indexTypes].join(', ');

const manifestSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  layers: z.array(
    z.looseObject({
      mediaType: z.string(),
      digest: z.string().regex(sha256, 'only sha256 digests are supported'),
      size: z.int().min(1),
    }),
  ),
});

export interface Layer {
  readonly digest: string;
  readonly size: number;
}

/**
 * The one layer of a manifest. Its config is not looked at: clients write several kinds, and nothing in it is ours.
 * @param contentType of the answer; the manifest's own `mediaType` must not contradict it
 */
export function layerOf(name: string, body: Buffer, contentType: string | undefined): Layer {
  const refusal = (what: string) => new SourceError('SourceManifest', `bundle ${name}: ${what}`);
  let value: unknown;
  try {
    value = JSON.parse(body.toString()) as unknown;
  } catch {
    throw refusal('the manifest is not JSON');
  }
  const said = z
    .looseObject({ mediaType: z.string().optional(), manifests: z.unknown().optional() })
    .safeParse(value);
  const own = said.data?.mediaType;
  const types = [own, contentType?.split(';')[0]?.trim()].filter((type) => type !== undefined);
  if (said.data?.manifests !== undefined || types.some((type) => indexTypes.includes(type))) {
    throw refusal(
      'it is an index of several manifests: name the digest of the one that is the bundle, or push without attestations',
    );
  }
  const other = types.find((type) => type !== manifestType);
  if (other !== undefined)
    throw refusal(`a manifest of type ${escapeText(other, 100)}: push it as ${manifestType}`);
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refusal(
      `the manifest is not an OCI image manifest: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    );
  }
  const { layers } = parsed.data;
  const [layer] = layers;
  if (layer === undefined || layers.length !== 1) {
    throw refusal(`${String(layers.length)} layers: a bundle is exactly one, the .tar.gz`);
  }
  if (!layerTypes.includes(layer.mediaType)) {
    throw refusal(`a layer of type ${escapeText(layer.mediaType, 100)}: push it as ${layerTypes[0] ?? ''}`);
  }
  if (layer.size > bundleLimits.totalBytes) {
    throw new PolicyError(
      'BundleTooLarge',
      `bundle ${name}: larger than ${String(bundleLimits.totalBytes)} bytes`,
    );
  }
  return { digest: layer.digest, size: layer.size };
}
