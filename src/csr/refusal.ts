import { type RefusalCode, refusals } from './refusals.ts';

/** The request has no reading, or more than one. Nothing else ever leaves the decoder as an exception. */
export class DecodeRefusal extends Error {
  override readonly name = 'DecodeRefusal';
  readonly code: RefusalCode;
  /** The rule that the request breaks: document and section. */
  readonly clause: string;
  /** What the sender can do about it. */
  readonly remedy: string;
  /** Our own words and numbers; never text taken from the request. */
  readonly detail: string;

  constructor(code: RefusalCode, detail = '', options?: ErrorOptions) {
    const { meaning, clause, remedy } = refusals[code];
    super(detail === '' ? meaning : `${meaning} (${detail})`, options);
    this.code = code;
    this.clause = clause;
    this.remedy = remedy;
    this.detail = detail;
  }
}

export function refuse(code: RefusalCode, detail?: string): never {
  throw new DecodeRefusal(code, detail);
}
