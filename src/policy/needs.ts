import { z } from 'zod';
import { PolicyError } from '../bundle/error.ts';
import type { Entrypoint } from '../bundle/bundle.ts';
import { lookupQuery } from './lookup-query.ts';

export type { LookupQuery } from './lookup-query.ts';

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

const dataPath = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/** Name of an access review or a lookup: a word that Rego can write after a dot. */
const factName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);

/** Each costs a call of the API server for every decision, at least. */
const maxLookups = 16;

function areFew(lookups: object): boolean {
  return Object.keys(lookups).length <= maxLookups;
}

const factNeeds = z.strictObject({
  sar: z.record(factName, reviewAttributes).default({}),
  node: z.boolean().default(false),
  claims: z.boolean().default(false),
  cluster: z.boolean().default(false),
  lookups: z.record(factName, lookupQuery).refine(areFew, `more than ${maxLookups} lookups`).default({}),
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

const knobsPath = z.string().regex(dataPath, 'not a path into data, such as csr.mine.config');

const entrypointCustom = z.strictObject({
  signer_name: z.string(),
  max_age_seconds: z.int().positive().optional(),
  /** Paths of objects in the bundle's data: each of their members is a knob, which a data overlay may replace. */
  knobs: z
    .union(
      [knobsPath.transform((path) => [path]), z.array(knobsPath)],
      'not a path into data, such as csr.mine.config, or a list of them',
    )
    .default([]),
  facts: factNeeds
    .extend({
      /** Path into the bundle's data, where each member has a `query`: lookups that data alone can choose. */
      lookups_from: z.string().regex(dataPath, 'not a path into data, such as csr.mine.lookups').optional(),
    })
    .default(noFacts),
});

/** What an entrypoint says of itself, with the lookups that the bundle's data adds. */
export interface EntrypointCustom {
  readonly signer_name: string;
  readonly max_age_seconds?: number | undefined;
  readonly knobs: readonly string[];
  readonly facts: FactNeeds;
}

/**
 * Reads `custom` of an entrypoint's METADATA; a word that it does not know refuses the bundle.
 * @param data of the bundle
 */
export function readEntrypointCustom(
  entrypoint: Entrypoint,
  data: Readonly<Record<string, unknown>> = {},
): EntrypointCustom {
  const { facts, ...custom } = readCustom(entrypoint, entrypointCustom);
  const { lookups_from: from, ...needs } = facts;
  if (from === undefined) return { ...custom, facts: needs };
  return { ...custom, facts: unionOfNeeds(needs, { ...noFacts, lookups: lookupsFrom(data, from) }) };
}

const lookupsInData = z
  .record(factName, z.looseObject({ query: lookupQuery }))
  .refine(areFew, `more than ${maxLookups} lookups`);

/** The lookups that data describes: none where there is nothing at that path. */
function lookupsFrom(data: Readonly<Record<string, unknown>>, path: string): FactNeeds['lookups'] {
  const value = path.split('.').reduce<unknown>((inner, name) => {
    const isObject = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name);
    return isObject ? new Map(Object.entries(inner)).get(name) : undefined;
  }, data);
  if (value === undefined) return {};
  const result = lookupsInData.safeParse(value);
  if (!result.success) {
    const { at, message } = firstIssue(result.error, path.split('.'));
    throw new PolicyError('LookupInvalid', `data.${at}: ${message}`);
  }
  return Object.fromEntries(Object.entries(result.data).map(([name, { query }]) => [name, query]));
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
  const { at, message } = firstIssue(result.error, ['custom']);
  const known = Object.keys(factNeeds.shape).join(', ');
  throw new PolicyError(
    'AnnotationInvalid',
    `METADATA of entrypoint ${path}: ${at}: ${message} (known facts: ${known})`,
  );
}

/** Where the first problem is, and what. A key of a record that is no good says so only inside of its issue. */
function firstIssue({ issues: [issue] }: z.ZodError, above: readonly string[]) {
  const inner = issue?.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  return { at: [...above, ...(issue?.path ?? [])].join('.'), message: inner ?? issue?.message ?? 'invalid' };
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
