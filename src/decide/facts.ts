import type { FactNeeds } from '../policy/needs.ts';
import type { Facts, RequestInput } from './input.ts';

export type { FactNeeds, LookupQuery, ReviewAttributes } from '../policy/needs.ts';

/** A fact that could not be obtained. Always the verdict `error`: not knowing is never a no, and never a yes. */
export interface FactFailure {
  /** Name of the fact, for example `node` or `sar.selfnodeserver`. */
  readonly fact: string;
  /** What happened and what to do about it. */
  readonly message: string;
  /** How long the source asked to be left alone. */
  readonly retryAfterSeconds?: number;
}

export interface Gathered {
  readonly facts: Facts;
  readonly failures: readonly FactFailure[];
}

/**
 * Obtains the facts that are asked for, and no others. Never throws: what is missing is a failure.
 *
 * In the cluster it asks the API server; offline it answers from files and assumptions.
 */
export type Gather = (needs: FactNeeds, request: RequestInput) => Promise<Gathered>;

/** Names of the facts that are asked for and not there. */
export function missingFacts(needs: FactNeeds, facts: Facts): string[] {
  const named = (['sar', 'lookups'] as const).flatMap((kind) =>
    Object.keys(needs[kind])
      .filter((name) => !Object.hasOwn(facts[kind] ?? {}, name))
      .map((name) => `${kind}.${name}`),
  );
  const plain = plainFacts.filter((name) => needs[name] && facts[name] === undefined);
  return [...named, ...plain];
}

/** The facts that are asked for, and no others: a policy must not see offline what it does not see in the cluster. */
export function selectFacts(needs: FactNeeds, facts: Facts): Facts {
  const { sar, node, claims, cluster, lookups, dns, pending } = facts;
  return {
    ...(isAny(needs.sar) && { sar: selectNamed(needs.sar, sar) }),
    ...(needs.node && node && { node }),
    ...(needs.claims && claims && { claims }),
    ...(needs.cluster && cluster && { cluster }),
    ...(isAny(needs.lookups) && { lookups: selectNamed(needs.lookups, lookups) }),
    ...(needs.dns && dns && { dns }),
    ...(needs.pending && pending && { pending }),
  };
}

const plainFacts = ['node', 'claims', 'cluster', 'dns', 'pending'] as const;

function isAny(needs: object): boolean {
  return Object.keys(needs).length > 0;
}

function selectNamed<T>(needs: object, facts: Readonly<Record<string, T>> = {}): Record<string, T> {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => Object.hasOwn(needs, name)));
}
