/** Has a module started in a thread. */
export interface StartQuestion {
  readonly kind: 'start';
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly data: object;
  /** Hard maximum of the module's memory. */
  readonly maxMiB: number;
}

/** Evaluates an entrypoint of a module that has started. */
interface EvaluateQuestion {
  readonly kind: 'evaluate';
  readonly id: number;
  readonly entrypoint: string;
  readonly input: object;
}

/** What a thread is asked. */
export type Question = StartQuestion | EvaluateQuestion;

/** What it answers. */
export type Answer =
  | { readonly value: unknown }
  | {
      readonly problem: string;
      /** The module can be asked nothing more before it is started again. */
      readonly spoiled?: boolean;
      /** It was ended at its deadline. */
      readonly overdue?: boolean;
    };
