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

/** Name of an access review or a lookup: a word that Rego can write after a dot. */
const factName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);

/**
 * Which objects to read. `name`, `namespace` and the values of `labels` and `match` are templates: `{node_name}` stands
 * for the name of the node that asks, `{requestor.username}` and the like for a text of the request.
 */
const lookupQuery = z
  .strictObject({
    /** API group; empty for the core group. */
    group: z.string().default(''),
    version: z.string().min(1),
    /** Plural name, as in a path of the API. */
    resource: z.string().min(1),
    /** Empty for objects without a namespace, or of all namespaces. */
    namespace: z.string().default(''),
    /** The one object of that name; excludes `labels` and `match`. */
    name: z.string().default(''),
    /** Objects that have all of these labels; the API server selects. */
    labels: z.record(z.string(), z.string()).default({}),
    /** Objects that have all of these texts at these paths, such as `status.nodeRef.name`; the program selects. */
    match: z.record(z.string(), z.string()).default({}),
  })
  .refine(
    ({ name, labels, match }) => name === '' || Object.keys({ ...labels, ...match }).length === 0,
    '`name` excludes `labels` and `match`',
  );
export type LookupQuery = z.infer<typeof lookupQuery>;

const factNeeds = z.strictObject({
  sar: z.record(factName, reviewAttributes).default({}),
  node: z.boolean().default(false),
  claims: z.boolean().default(false),
  cluster: z.boolean().default(false),
  lookups: z.record(factName, lookupQuery).default({}),
  dns: z.boolean().default(false),
  pending: z.boolean().default(false),
});
/** Which facts an entrypoint asks for: the host gathers these and no others. */
export type FactNeeds = z.infer<typeof factNeeds>;

export const noFacts: FactNeeds = {
  sar: {},
  node: false,
  claims: false,
  cluster: false,
  lookups: {},
  dns: false,
  pending: false,
};

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

const floorCustom = z.strictObject({
  signers: z.record(z.string(), z.strictObject({ facts: factNeeds.default(noFacts) })),
});

/** The signers that an entrypoint of the floor judges, and the facts that it asks for with each. */
export function readFloorNeeds(entrypoint: Entrypoint): ReadonlyMap<string, FactNeeds> {
  const { signers } = readCustom(entrypoint, floorCustom);
  return new Map(Object.entries(signers).map(([signer, { facts }]) => [signer, facts]));
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

/** Everything that either side asks for. One name with two meanings is refused. */
export function unionOfNeeds(left: FactNeeds, right: FactNeeds): FactNeeds {
  return {
    sar: unionOfNamed('access review', left.sar, right.sar),
    node: left.node || right.node,
    claims: left.claims || right.claims,
    cluster: left.cluster || right.cluster,
    lookups: unionOfNamed('lookup', left.lookups, right.lookups),
    dns: left.dns || right.dns,
    pending: left.pending || right.pending,
  };
}

function unionOfNamed<T>(
  what: string,
  left: Readonly<Record<string, T>>,
  right: Readonly<Record<string, T>>,
): Record<string, T> {
  for (const [name, attributes] of Object.entries(right)) {
    const present = left[name];
    if (present !== undefined && JSON.stringify(present) !== JSON.stringify(attributes)) {
      throw new PolicyError(
        'FactsConflict',
        `two entrypoints ask for ${what} ${name} with different attributes`,
      );
    }
  }
  return { ...left, ...right };
}
