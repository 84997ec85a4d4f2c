import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import type { DecodedRequest } from '../../../src/csr/decoded.ts';
import { armour, unarmour } from '../../../src/csr/pem.ts';
import { readRequest } from '../../../src/csr/request.ts';
import { buildCSR, type CSRSpec, generalName, OID, rdn } from '../../support/csr.ts';
import { latin1 } from '../../support/der.ts';
import { refusalOf } from './refused.ts';

const withoutFingerprint = (document: DecodedRequest): DecodedRequest => ({ ...document, fingerprint: '' });

const flip = (data: Uint8Array, bit: number): Uint8Array =>
  data.with(bit >> 3, (data[bit >> 3] ?? 0) ^ (1 << (bit & 7)));

describe('every single bit', () => {
  const { der, pem } = buildCSR();
  const good = decodeRequest(pem);
  test('of the text, flipped, is refused or read the same', () => {
    for (let bit = 0; bit < pem.length * 8; bit += 1) {
      const result = refusalOf(flip(pem, bit));
      if (typeof result !== 'string') expect(result).toEqual(good);
    }
  });

  test('of the bytes, flipped, is refused or read the same', () => {
    for (let bit = 0; bit < der.length * 8; bit += 1) {
      const result = refusalOf(latin1(armour(flip(der, bit))));
      if (typeof result !== 'string') expect(withoutFingerprint(result)).toEqual(withoutFingerprint(good));
    }
  });

  test('of the signed bytes, flipped and signed again, is refused or shown', () => {
    const info = new Uint8Array(readRequest(der, 64).signed);
    let shown = 0;
    for (let bit = 0; bit < info.length * 8; bit += 1) {
      const result = refusalOf(buildCSR({ info: flip(info, bit) }).pem);
      if (typeof result === 'string') continue;
      // A letter of a name or an octet of an address: another request, and the document says so.
      expect(withoutFingerprint(result)).not.toEqual(withoutFingerprint(good));
      shown += 1;
    }
    expect(shown).toBeGreaterThan(100);
  });
});

const stringType = (utf8: boolean) => (utf8 ? 'utf8String' : 'printableString');

describe('requests of one document', () => {
  /** All that the document does not show, besides the key and the signature. */
  interface DontCare {
    readonly utf8: readonly [boolean, boolean];
    readonly commonNameFirst: boolean;
    /** Order of names of different kinds; Go and the document keep a list for each kind. */
    readonly interleaving: readonly number[];
  }
  interface Document {
    readonly commonName: string;
    readonly organization: string;
    readonly dns: readonly string[];
    readonly ip: readonly string[];
    readonly email: readonly string[];
  }
  const document: fc.Arbitrary<Document> = fc.record({
    commonName: fc.stringMatching(/^[a-z:.-]{1,20}$/),
    organization: fc.constantFrom('system:nodes', 'system:masters'),
    dns: fc.array(fc.constantFrom('n1', 'n2', 'N1'), { maxLength: 3 }),
    ip: fc.array(fc.constantFrom('10.0.0.1', 'fd00::1', '::1'), { maxLength: 3 }),
    email: fc.array(fc.constantFrom('a@b.c'), { maxLength: 1 }),
  });
  const dontCare: fc.Arbitrary<DontCare> = fc.record({
    utf8: fc.tuple(fc.boolean(), fc.boolean()),
    commonNameFirst: fc.boolean(),
    interleaving: fc.array(fc.nat(100), { minLength: 7, maxLength: 7 }),
  });
  const keys = fc.constantFrom('P-256' as const, 'P-384' as const, 'Ed25519' as const);

  const requestOf = (shown: Document, hidden: DontCare, key: 'P-256' | 'P-384' | 'Ed25519'): CSRSpec => {
    const subject = [
      rdn(OID.organization, shown.organization, stringType(hidden.utf8[0])),
      rdn(OID.commonName, shown.commonName, stringType(hidden.utf8[1])),
    ];
    const kinds = [
      shown.dns.map(generalName.dns),
      shown.ip.map(generalName.ip),
      shown.email.map(generalName.email),
    ];
    const names: Uint8Array[] = [];
    for (const at of hidden.interleaving) {
      const open = kinds.filter((kind) => kind.length > 0);
      const next = open[at % Math.max(open.length, 1)]?.shift();
      if (next) names.push(next);
    }
    return {
      key,
      subject: hidden.commonNameFirst ? subject.toReversed() : subject,
      ...(names.length === 0 ? { attributes: [] } : { dns: [], ip: [], generalNames: names }),
    };
  };

  test('differ at most in key, signature and the listed don’t-cares', () => {
    fc.assert(
      fc.property(document, document, dontCare, dontCare, keys, (a, b, hiddenA, hiddenB, key) => {
        const of = (shown: Document, hidden: DontCare) =>
          decodeRequest(buildCSR(requestOf(shown, hidden, key)).pem);
        const [first, second] = [of(a, hiddenA), of(b, hiddenB)];
        // The same document whatever is hidden, another document whenever something shown differs.
        expect(withoutFingerprint(of(a, hiddenB))).toEqual(withoutFingerprint(first));
        expect(JSON.stringify(withoutFingerprint(first)) === JSON.stringify(withoutFingerprint(second))).toBe(
          JSON.stringify(a) === JSON.stringify(b),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('the whole request can be written again from the document, the key, the signature and the don’t-cares', () => {
    fc.assert(
      fc.property(document, dontCare, keys, (shown, hidden, key) => {
        const { der, pem } = buildCSR(requestOf(shown, hidden, key));
        const { subject, sans } = decodeRequest(pem);
        const { key: read, signature } = readRequest(der, 64);
        const again = buildCSR({
          ...requestOf(
            { commonName: subject.commonName, organization: subject.organization[0], ...sans },
            hidden,
            key,
          ),
          spki: new Uint8Array(read.handle.export({ format: 'der', type: 'spki' })),
          signature: () => new Uint8Array(signature),
        });
        expect(new Uint8Array(again.der)).toEqual(new Uint8Array(der));
        expect(new Uint8Array(unarmour(again.pem))).toEqual(new Uint8Array(der));
      }),
      { numRuns: 300 },
    );
  });
});
