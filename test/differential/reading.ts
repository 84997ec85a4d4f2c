import type { DecodedRequest } from '../../src/csr/decoded.ts';
import { decodeRequest } from '../../src/csr/decode.ts';
import { DecodeRefusal } from '../../src/csr/refusal.ts';
import type { RefusalCode } from '../../src/csr/refusals.ts';

/** Our side of the comparison. */
export type Reading =
  | { readonly accepted: true; readonly decoded: DecodedRequest }
  | { readonly accepted: false; readonly code: RefusalCode; readonly cause: unknown };

export function readRequest(request: Uint8Array): Reading {
  try {
    return { accepted: true, decoded: decodeRequest(request) };
  } catch (error) {
    if (error instanceof DecodeRefusal) return { accepted: false, code: error.code, cause: error.cause };
    throw error;
  }
}
