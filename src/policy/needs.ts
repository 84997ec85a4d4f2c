import { z } from 'zod';
import { PolicyError } from './error.ts';
import type { Entrypoint } from './bundle.ts';

/** Attributes of a SubjectAccessReview (authorization.k8s.io/v1 ResourceAttributes). */
const reviewAttributes = z.strictObject({
  group: z.string().default(''),
  resource: z.string().min(1),
  subresource: z.string().default(''),
  verb: z.string().min(1),
  name: z.string().default(''),
  namespace: z.string().default(''),
});
export type ReviewAttributes = z.infer<typeof reviewAttributes>;

const factNeeds = z.strictObject({
  sar: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/), reviewAttributes).default({}),
  node: z.boolean().default(false),
  claims: z.boolean().default(false),
  cluster: z.boolean().default(false),
});
/** Which facts an entrypoint asks for: the host gathers these and no others. */
export type FactNeeds = z.infer<typeof factNeeds>;

export const noFacts: FactNeeds = { sar: {}, node: false, claims: false, cluster: false };

const entrypointCustom = z.strictObject({
  signer_name: z.string(),
  max_age_seconds: z.int().positive().optional(),
  facts: factNeeds.default(noFacts),
});
export type EntrypointCustom = z.infer<typeof entrypointCustom>;

/** Reads `custom` of an entrypoint's METADATA; a word that it does not know refuses the bundle. */
export function readEntrypointCustom(entrypoint: Entrypoint): EntrypointCustom {
  return readCustom(entrypoint, entrypointCustom);
}

/** The facts that an entrypoint of the floor asks for: it serves every signer that there is a floor for. */
export function readFloorFacts(entrypoint: Entrypoint): FactNeeds {
  return readCustom(entrypoint, z.strictObject({ facts: factNeeds.default(noFacts) })).facts;
}

function readCustom<T>({ path, annotation }: Entrypoint, schema: z.ZodType<T>): T {
  const result = schema.safeParse(annotation.custom ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = ['custom', ...(issue?.path ?? [])].join('.');
  const known = Object.keys(factNeeds.shape).join(', ');
  throw new PolicyError(
    'AnnotationInvalid',
    `METADATA of entrypoint ${path}: ${at}: ${issue?.message ?? 'invalid'} (known facts: ${known})`,
  );
}

/** Everything that either side asks for. One review name with two meanings is refused. */
export function unionOfNeeds(left: FactNeeds, right: FactNeeds): FactNeeds {
  for (const [name, attributes] of Object.entries(right.sar)) {
    const present = left.sar[name];
    if (present !== undefined && JSON.stringify(present) !== JSON.stringify(attributes)) {
      throw new PolicyError(
        'FactsConflict',
        `two entrypoints ask for access review ${name} with different attributes`,
      );
    }
  }
  return {
    sar: { ...left.sar, ...right.sar },
    node: left.node || right.node,
    claims: left.claims || right.claims,
    cluster: left.cluster || right.cluster,
  };
}
