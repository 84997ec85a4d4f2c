import type { Explanation } from '../../decide/explain.ts';
import type { FailOn } from '../report.ts';

/** By what was judged, and what the outcome is for. */
export interface Context {
  /** Of this program. */
  readonly version: string;
  /** Name of the policy's source. */
  readonly policy: string;
  /** By signer, as its author wrote it. */
  readonly revisions: ReadonlyMap<string, string>;
  /** Where the CA comes from by which served certificates are verified. */
  readonly kubeletCA: string;
  readonly failOn: FailOn;
  /** For people: what stands behind a reason, escaped. */
  readonly explanation: (explanation: Explanation) => readonly string[];
}
