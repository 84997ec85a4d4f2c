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
export interface EvaluateQuestion {
  readonly kind: 'evaluate';
  readonly id: number;
  readonly entrypoint: string;
  readonly input: object;
}

export type Question = StartQuestion | EvaluateQuestion;

/**
 * What a thread is asked in one message: to hand one over wakes it, which costs more than an evaluation. A start comes
 * alone. It answers in the same order, and not the ones after a module that it spoiled.
 */
export type Questions = readonly [StartQuestion] | readonly EvaluateQuestion[];

/** So many may be evaluated in a row before their answers are read, where somebody waits for each. */
export const fewQuestions = 8;

/** So many in any case. */
export const maxQuestions = 64;

/** What it answers. */
export type Answer =
  | { readonly value: unknown }
  | {
      readonly problem: string;
      /** The module can be asked nothing more before it is started again. */
      readonly spoiled?: boolean;
      /** It was ended at its deadline. */
      readonly overdue?: boolean;
      /** It was evaluated, and the rule is undefined. */
      readonly isUndefined?: boolean;
    };
