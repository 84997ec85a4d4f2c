import type { DecodedRequest } from '../../src/csr/decoded.ts';

/**
 * Whether the floor accepts a decoded request, made by the user that it names. With it the law says more:
 * what decoder and floor accept, the signer signs, and it has the kubelet's form.
 */
export type Judge = (decoded: DecodedRequest) => boolean;

/** The seam for the floor. Without one, the law is about the decoder alone. */
export const judge: Judge | undefined = undefined;
