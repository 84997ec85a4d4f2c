/** Cases that cannot be run: never a case that failed. The message says where and what to do. */
export class CaseError extends Error {
  override readonly name = 'CaseError';
  readonly code: 'CaseInvalid' | 'CasesUnreadable' | 'NothingRun';

  constructor(code: CaseError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
