/** One step of a release. */
export interface Step {
  readonly name: string;
  /** What it does, for people. */
  readonly plan: string;
  /** Changes nothing. */
  readonly done: () => Promise<boolean>;
  readonly run: () => Promise<void>;
}
