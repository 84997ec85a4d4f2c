/** Where a command reads and writes: the process's own streams, or a test's. */
export interface IO {
  readonly stdin: () => Promise<string>;
  /** The same, as it comes; only one of the two. */
  readonly stdinBytes: () => AsyncIterable<Uint8Array>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether somebody watches standard error, who may be told how far it has come. */
  readonly isWatched?: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => Date;
  /** Aborted by SIGINT and SIGTERM. */
  readonly stopping: AbortSignal;
}
