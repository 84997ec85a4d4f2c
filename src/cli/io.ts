/** Where a command reads and writes: the process's own streams, or a test's. */
export interface IO {
  readonly stdin: () => Promise<string>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => Date;
  /** Aborted by SIGINT and SIGTERM. */
  readonly stopping: AbortSignal;
}
