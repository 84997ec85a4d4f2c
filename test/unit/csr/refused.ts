import { expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import type { DecodedRequest } from '../../../src/csr/decoded.ts';
import { DecodeRefusal } from '../../../src/csr/refusal.ts';
import type { RefusalCode } from '../../../src/csr/refusals.ts';
import { buildCSR, type CSRSpec } from '../../support/csr.ts';

/** What is changed in a request, in words and in fact; and the code that must come of it. */
export type Row = readonly [name: string, code: RefusalCode, change: CSRSpec];

/** The code of the refusal; the decoded request when there is none. */
export function refusalOf(request: Uint8Array): DecodedRequest | RefusalCode {
  try {
    return decodeRequest(request);
  } catch (error) {
    if (error instanceof DecodeRefusal) return error.code;
    throw error;
  }
}

/**
 * Each row is `good` with one thing changed; `good` itself is proven to be good, so that nothing else can be
 * the reason.
 */
export function refusedRows(rows: readonly Row[], good: CSRSpec = {}): void {
  test('what the rows change is accepted unchanged', () => {
    expect(decodeRequest(buildCSR(good).pem)).toMatchObject({ subject: { organization: ['system:nodes'] } });
  });
  test.each(rows)('%s: %s', (_name, code, change) => {
    expect(refusalOf(buildCSR({ ...good, ...change }).pem)).toBe(code);
  });
}
