import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { octetAt } from '../../../src/csr/bytes.ts';
import { DERReader, TAG } from '../../../src/csr/der.ts';
import { objectIdentifier } from '../../../src/csr/oid.ts';
import { DecodeRefusal } from '../../../src/csr/refusal.ts';
import { buildCSR, kubeletSubject } from '../../support/csr.ts';
import { cloneTree, type DerNode, encodeTree, readTree, walk } from '../../support/der-tree.ts';
import { bytes, concat, hex, integer, octetString, oid, relength, sequence, tlv } from '../../support/der.ts';
import { refusalOf, refusedRows } from './refused.ts';

const codeOf = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error instanceof DecodeRefusal ? error.code : error;
  }
};

const subject = sequence(...kubeletSubject('n1'));
const long = { dns: ['n'.repeat(200)] };

const remove = (node: DerNode, parent: DerNode | undefined): void => {
  parent?.children.splice(parent.children.indexOf(node), 1);
};

describe('strict DER', () => {
  refusedRows([
    ['not ASN.1', 'DERTagUnexpected', { der: () => hex('deadbeef') }],
    ['a SET outside', 'DERTagUnexpected', { der: ({ info }) => tlv(0x31, info) }],
    ['a high tag number', 'DERTagUnexpected', { der: ({ info }) => tlv(hex('3f10'), info) }],
    ['cut off', 'DERTruncated', { der: ({ info }) => sequence(info).slice(0, -1) }],
    ['the tag alone', 'DERTruncated', { der: () => hex('30') }],
    ['half a length', 'DERTruncated', { der: () => hex('3082ff') }],
    ['a length of 4 GiB', 'DERTruncated', { der: ({ info }) => tlv(0x30, info, { raw: hex('84ffffffff') }) }],
    [
      'a length of 2^1008',
      'DERTruncated',
      { der: ({ info }) => tlv(0x30, info, { octets: 4 }).with(1, 0xff).with(2, 1) },
    ],
    ['two requests', 'DERTrailingData', { der: ({ info }) => concat(sequence(info), sequence(info)) }],
    [
      'a byte after the request',
      'DERTrailingData',
      { der: (parts) => concat(sequence(parts.info), bytes(0)) },
    ],
    ['nothing inside', 'DERElementMissing', { der: () => hex('3000') }],
    ['no signature', 'DERElementMissing', { der: ({ info, algorithm }) => sequence(info, algorithm) }],
    ['no algorithm', 'DERTagUnexpected', { der: ({ info, signature }) => sequence(info, signature) }],
    ['something after the signature', 'DERTrailingData', { surplus: [octetString(bytes())] }],
    ['no attributes', 'DERElementMissing', { attributesElement: bytes() }],
    ['something after the attributes', 'DERTrailingData', { infoSurplus: [hex('a000')] }],
    ['primitive attributes', 'DERTagUnexpected', { attributesElement: hex('8000') }],
    [
      'an indefinite length outside',
      'DERLengthIndefinite',
      { der: ({ info }) => tlv(0x30, info, 'indefinite') },
    ],
    ['an indefinite length inside', 'DERLengthIndefinite', { subject: relength(subject, 'indefinite') }],
    ['a length in two octets', 'DERLengthNotMinimal', { subject: relength(subject, { octets: 1 }) }],
    ['a length with a zero in front', 'DERLengthNotMinimal', { subject: relength(subject, { octets: 3 }) }],
    ['a length in 126 octets', 'DERLengthNotMinimal', { subject: relength(subject, { octets: 126 }) }],

    ['version 1', 'VersionNotZero', { version: 1 }],
    ['version -1', 'VersionNotZero', { version: -1 }],
    ['version 2^40', 'VersionNotZero', { version: 2n ** 40n }],
    ['version 128', 'VersionNotZero', { version: 128 }],
    ['version 0 in two octets', 'DERIntegerNotMinimal', { version: hex('02020000') }],
    ['version -1 in two octets', 'DERIntegerNotMinimal', { version: hex('0202ffff') }],
    ['version without octets', 'DERIntegerNotMinimal', { version: hex('0200') }],
    ['no version', 'DERTagUnexpected', { version: bytes() }],
    ['an ENUMERATED version', 'DERTagUnexpected', { version: hex('0a0100') }],
    ['a constructed version', 'DERTagUnexpected', { version: hex('2203020100') }],
  ]);

  describe('with long names', () => {
    refusedRows(
      [
        [
          'a length in three octets',
          'DERLengthNotMinimal',
          { der: ({ info }) => tlv(0x30, info, { octets: 3 }) },
        ],
      ],
      long,
    );
  });

  test('as many levels as the cap allows are refused at the first', () => {
    let nested: Uint8Array = bytes();
    for (let i = 0; i < 2500; i += 1) nested = sequence(nested);
    expect(refusalOf(buildCSR({ attributes: [nested] }).pem)).toBe('DERTagUnexpected');
    const deep = new Uint8Array(9000).map((_, i) => (i % 2 === 0 ? 0x30 : 0x80));
    expect(refusalOf(buildCSR({ der: () => deep }).pem)).toBe('DERLengthIndefinite');
  });

  describe('every element of a good request', () => {
    const good = buildCSR();
    const root = readTree(good.der);
    const nodes = walk(root);
    /** Bends one node of a copy, and signs again what is signed, so that nothing but the bend is wrong. */
    const bend = (index: number, change: (node: DerNode, parent: DerNode | undefined) => void): unknown => {
      const copy = cloneTree(root);
      const all = walk(copy);
      const node = all[index];
      if (node === undefined) throw new RangeError('no such node');
      const info = copy.children.find((child) => child.children.some((inner) => walk(inner).includes(node)));
      change(
        node,
        all.find((parent) => parent.children.includes(node)),
      );
      const signedAgain = info !== undefined && info === copy.children[0];
      return refusalOf(
        buildCSR(signedAgain ? { info: encodeTree(info) } : { der: () => encodeTree(copy) }).pem,
      );
    };
    const each = nodes.map((node, i) => [i, Buffer.from(node.identifier).toString('hex')] as const);

    /** A GeneralName of a request that has a dNSName and an iPAddress. */
    const isName = (index: number): boolean => (nodes[index]?.identifier[0] ?? 0) >> 4 === 8;

    test('is good unbent', () => {
      expect(bend(1, () => {})).toMatchObject({ subject: { commonName: 'system:node:n1' } });
    });
    test.each(each)('%i (tag %s) has its length in minimal form', (i) => {
      expect(bend(i, (node) => Object.assign(node, { form: { octets: 3 } }))).toBe('DERLengthNotMinimal');
    });
    test.each(each)('%i (tag %s) has a definite length', (i) => {
      expect(bend(i, (node) => Object.assign(node, { form: 'indefinite' }))).toBe('DERLengthIndefinite');
    });
    test.each(each.slice(1))('%i (tag %s) is not repeated', (i) => {
      const result = bend(i, (node, parent) =>
        parent?.children.splice(parent.children.indexOf(node), 0, node),
      );
      // A name may be asked for twice: that is a request of its own.
      expect(typeof result).toBe(isName(i) ? 'object' : 'string');
    });
    test.each(each.slice(1))('%i (tag %s) is not missing', (i) => {
      // A request without one of its names or without its only attribute is a request of its own.
      const isAttribute = nodes.some((node) => node.identifier[0] === 0xa0 && node.children[0] === nodes[i]);
      expect(typeof bend(i, remove)).toBe(isName(i) || isAttribute ? 'object' : 'string');
    });
    test.each(each)('%i (tag %s) has no other tag', (i) => {
      for (let bit = 0; bit < 8; bit += 1) {
        const result = bend(i, (node) => {
          node.identifier = node.identifier.map((octet) => octet ^ (1 << bit));
        });
        // A name of one kind whose tag becomes that of another is another request.
        if (!isName(i)) expect(typeof result).toBe('string');
      }
    });
    test.each(each.filter(([i]) => (nodes[i]?.children.length ?? 0) > 0))(
      '%i (tag %s) holds nothing more',
      (i) => {
        const surplus = readTree(hex('0500'));
        expect(typeof bend(i, (node) => node.children.push(surplus))).toBe('string');
      },
    );
  });
});

test('beyond the end of bytes there are zeros', () => {
  expect(octetAt(bytes(7), 0)).toBe(7);
  expect(octetAt(bytes(7), 1)).toBe(0);
});

describe('DERReader', () => {
  test('reads what the writer writes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(0x04, 0x30, 0x82, 0xa0), fc.uint8Array({ maxLength: 300 }))),
        (items) => {
          const reader = new DERReader(concat(...items.map(([tag, content]) => tlv(tag, content))), 'test');
          for (const [tag, content] of items) {
            expect(reader.done).toBe(false);
            expect(reader.peek()).toBe(tag);
            const element = reader.next(tag);
            expect(new Uint8Array(element.content)).toEqual(content);
            expect(new Uint8Array(element.whole)).toEqual(tlv(tag, content));
          }
          expect(reader.done).toBe(true);
          reader.end();
        },
      ),
    );
  });

  test('reads one encoding only: what it accepts is what the writer writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 8 }), (octets) => {
        const data = concat(bytes(0x04), octets);
        const result = codeOf(() => {
          const reader = new DERReader(data, 'test');
          const { content } = reader.next(TAG.OCTET_STRING);
          reader.end();
          return tlv(0x04, content);
        });
        if (typeof result !== 'string') expect(result).toEqual(data);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    [127, 'DERLengthNotMinimal'],
    [128, undefined],
  ])('a length of %i in two octets: %s', (length, code) => {
    const data = tlv(TAG.OCTET_STRING, new Uint8Array(length), { octets: 1 });
    expect(codeOf(() => new DERReader(data, 'test').next(TAG.OCTET_STRING).content.length)).toBe(
      code ?? length,
    );
  });

  test.each([
    ['', 'DERIntegerNotMinimal'],
    ['00', undefined],
    ['ff', undefined],
    ['007f', 'DERIntegerNotMinimal'],
    ['0080', undefined],
    ['ff7f', undefined],
    ['ff80', 'DERIntegerNotMinimal'],
    ['0100', undefined],
    ['fe80', undefined],
  ])('an integer of octets %j: %s', (octets, code) => {
    const content = hex(octets);
    expect(codeOf(() => new Uint8Array(new DERReader(tlv(TAG.INTEGER, content), 'test').integer()))).toEqual(
      code ?? content,
    );
  });

  test('integers have one encoding', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        const element = integer(value);
        const content = new DERReader(element, 'test').integer();
        expect(BigInt.asIntN(content.length * 8, BigInt(`0x${Buffer.from(content).toString('hex')}`))).toBe(
          value,
        );
        const padded = tlv(TAG.INTEGER, concat(bytes(value < 0n ? 0xff : 0), content));
        expect(codeOf(() => new DERReader(padded, 'test').integer())).toBe('DERIntegerNotMinimal');
      }),
    );
  });
});

describe('object identifiers', () => {
  test.each([
    ['2.5.4.3', '550403'],
    ['0.0', '00'],
    ['0.39', '27'],
    ['1.0', '28'],
    ['2.0', '50'],
    ['2.999.3', '883703'],
    ['1.2.840.113549.1.9.14', '2a864886f70d01090e'],
    ['2.2147483567', '87ffffff7f'],
    ['1.2.2147483647', '2a87ffffff7f'],
    // An octet 80 inside an arc is no padding.
    ['1.2.16384', '2a818000'],
    [`1.2${'.42'.repeat(31)}`, '2a'.repeat(32)],
  ])('%s', (text, content) => {
    expect(objectIdentifier(hex(content))).toBe(text);
    expect(oid(text).slice(2)).toEqual(hex(content));
  });

  test.each([
    ['empty', ''],
    ['cut off', '5504 83'],
    ['a padded arc', '55 8004 03'],
    ['a padded first arc', '8055'],
    ['an arc of 32 bits', '2a 8880808000'],
    ['an arc of 70 bits', '2a ffffffffffffffffff7f'],
    ['thirty-three octets', '2a'.repeat(33)],
  ])('%s is refused', (_name, content) => {
    expect(codeOf(() => objectIdentifier(hex(content)))).toBe('DERObjectIdentifierInvalid');
  });

  test('have one encoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (content) => {
        const text = codeOf(() => objectIdentifier(content));
        if (text !== 'DERObjectIdentifierInvalid') expect(oid(String(text)).slice(2)).toEqual(content);
      }),
    );
  });
});
