/** Whether this process may write at all; of several that watch the same requests, one may. */
export interface Gate {
  /** Asked in the very turn in which a write is sent. */
  readonly mayAct: () => boolean;
  /** Another number each time that it begins to be the one: what was decided before is then out of date. */
  readonly term: () => number;
  /** Milliseconds within which a write that is sent now must be over. */
  readonly leftMs: () => number;
}

/** Of a process that is alone. */
export const alone: Gate = { mayAct: () => true, term: () => 0, leftMs: () => Infinity };
