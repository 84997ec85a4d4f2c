import { CURVES, testKey } from '../../support/csr-keys.ts';
import { signatureValue, toBigInt, toOctets } from '../../support/csr-ecdsa.ts';
import { readTree } from '../../support/der-tree.ts';

const ORDER = CURVES['P-256']?.order ?? 0n;

/** r and s of the kubelet's own signature over these bytes. */
export function parts(info: Uint8Array): [r: bigint, s: bigint] {
  const [r, s] = readTree(testKey('P-256').sign(info)).children;
  return [toBigInt(r?.content ?? new Uint8Array()), toBigInt(s?.content ?? new Uint8Array())];
}

/** A signature with another s. */
export const withS =
  (change: (s: bigint, order: bigint) => bigint) =>
  (info: Uint8Array): Uint8Array => {
    const [r, s] = parts(info);
    return signatureValue(r, change(s, ORDER));
  };

/** A signature with another r. */
export const withR =
  (change: (r: bigint, order: bigint) => bigint) =>
  (info: Uint8Array): Uint8Array => {
    const [r, s] = parts(info);
    return signatureValue(change(r, ORDER), s);
  };

/** Without its first four bits, which must be zero, and with four more at the end. */
export function shiftedBy4(value: Uint8Array): Uint8Array {
  return toOctets((toBigInt(value) << 4n) % 2n ** BigInt(value.length * 8), value.length);
}
