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
