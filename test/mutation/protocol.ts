/** What goes to a worker: the text to put in the place of a file, and the test files to run in this order. */
export interface Task {
  readonly id: number;
  readonly file: string;
  readonly text: string;
  readonly tests: readonly string[];
}

/** What comes back; `killed` or `survived` ends a task. */
export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'began'; readonly file: string }
  | { readonly kind: 'killed'; readonly file: string; readonly test: string }
  | { readonly kind: 'survived' };
