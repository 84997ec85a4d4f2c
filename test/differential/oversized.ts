import { attribute, extensionRequest, generalName, OID, rdn, toPEM } from '../support/csr.ts';
import { bytes, concat, latin1, nullValue, TAG, tlv } from '../support/der.ts';
import { trap, type Trap } from './trap.ts';

const LIMIT = 'the configured limit';
const MIB = 1024 * 1024;

/** GeneralNames of that many addresses. */
const addresses = (count: number): Uint8Array =>
  tlv(
    TAG.sequence,
    Array.from({ length: count }, (_, i) => generalName.ip(bytes(10, i >> 16, (i >> 8) & 0xff, i & 0xff))),
  );

/** Too large to keep in files: what the API server lets through, and what asks for a deep stack. */
export const oversized: readonly Trap[] = [
  trap('large-blank', '3 MiB of blanks', LIMIT, 'CSRTooLarge', latin1(' '.repeat(3 * MIB))),
  trap('large-nul', '3 MiB of NUL', LIMIT, 'CSRTooLarge', new Uint8Array(3 * MIB)),
  trap('large-begin', '3 MiB of BEGIN lines', LIMIT, 'CSRTooLarge', begins(3 * MIB)),
  trap('large-base64', '3 MiB of base64', LIMIT, 'CSRTooLarge', latin1(toPEM(new Uint8Array(2 * MIB)))),
  trap('large-text-before', 'a good request after 1 MiB of text', LIMIT, 'CSRTooLarge', {
    pem: (text) => 'x\n'.repeat(MIB / 2) + text,
  }),
  trap('large-common-name', 'a CN of 1 MiB', LIMIT, 'CSRTooLarge', {
    subject: [rdn(OID.organization, 'system:nodes'), rdn(OID.commonName, 'a'.repeat(MIB))],
  }),
  trap('large-names-1000', '1000 names', LIMIT, ['SANsTooMany', 'CSRTooLarge'], {
    sanValue: addresses(1000),
  }),
  trap('large-names-100000', '100,000 names', LIMIT, 'CSRTooLarge', { sanValue: addresses(100_000) }),
  trap('large-attributes', '100,000 attributes', LIMIT, 'CSRTooLarge', {
    attributesElement: tlv(
      0xa0,
      Array.from({ length: 100_000 }, () => attribute('1.2.3.4', nullValue())),
    ),
  }),
  trap('deep-attribute', 'an attribute 2000 deep', 'the stack', ['AttributeUnknown', 'CSRTooLarge'], {
    attributes: [attribute('1.2.3.4', deep(2000))],
  }),
  trap('deep-attribute-10000', 'an attribute 10,000 deep', 'the stack', 'CSRTooLarge', {
    attributes: [attribute('1.2.3.4', deep(10_000))],
  }),
  trap('deep-extension', 'an extension 2000 deep', 'the stack', 'DERTagUnexpected', {
    attributes: [extensionRequest(deep(2000))],
  }),
  trap('deep-subject', 'a subject 2000 deep', 'the stack', 'DERTagUnexpected', { subject: deep(2000) }),
  trap('deep-request', 'a request that is 2000 sequences', 'the stack', 'DERTagUnexpected', {
    der: () => deep(2000),
  }),
  trap('deep-indefinite', '5000 indefinite lengths without an end', 'the stack', 'DERLengthIndefinite', {
    der: () => concat(...Array.from({ length: 5000 }, () => bytes(TAG.sequence, 0x80))),
  }),
];

function deep(depth: number): Uint8Array {
  // Lengths are not added up from the inside out by copying: 10,000 levels would be a quadratic test.
  const heads: Uint8Array[] = [];
  let length = nullValue().length;
  for (let i = 0; i < depth; i += 1) {
    const head = tlv(TAG.sequence, new Uint8Array(length)).slice(0, -length);
    heads.push(head);
    length += head.length;
  }
  return concat(...heads.toReversed(), nullValue());
}

function begins(size: number): Uint8Array {
  const line = '-----BEGIN CERTIFICATE REQUEST-----\n';
  return latin1(line.repeat(Math.floor(size / line.length)));
}
