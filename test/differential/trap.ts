import type { RefusalCode } from '../../src/csr/refusals.ts';
import { buildCSR, type CSRSpec } from '../support/csr.ts';

/** One way in which a request can be read otherwise than the signer reads it, or a good one to compare with. */
export interface Trap {
  /** The file's name under corpus/. */
  readonly name: string;
  /** What is wrong, in one line. */
  readonly bends: string;
  readonly clause: string;
  /** Any of these is the right refusal; none at all: the request is to be accepted. */
  readonly codes: readonly RefusalCode[];
  readonly request: Uint8Array;
}

/** A kubelet's request with one thing changed. */
export const trap = (
  name: string,
  bends: string,
  clause: string,
  code: RefusalCode | readonly RefusalCode[],
  spec: CSRSpec | Uint8Array,
): Trap => ({
  name,
  bends,
  clause,
  codes: typeof code === 'string' ? [code] : code,
  request: spec instanceof Uint8Array ? spec : buildCSR(spec).pem,
});
