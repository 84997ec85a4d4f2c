/** Whether this process may write at all; of several that watch the same requests, one may. */
export interface Gate {
  /** Asked in the very turn in which a write is sent. */
  readonly mayAct: () => boolean;
  /** Milliseconds within which a write that is sent now must be over. */
  readonly leftMs: () => number;
}

/** Of a process that is alone. */
export const alone: Gate = { mayAct: () => true, leftMs: () => Infinity };
