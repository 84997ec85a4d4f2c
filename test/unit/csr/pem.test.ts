import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import { armour, unarmour } from '../../../src/csr/pem.ts';
import { BEGIN, buildCSR, END, toPEM } from '../../support/csr.ts';
import { latin1 } from '../../support/der.ts';
import { refusalOf, refusedRows } from './refused.ts';

const other = new TextDecoder('latin1').decode(buildCSR({ node: 'n2' }).pem);
const inLine = (line: number, change: (text: string) => string) => (pem: string) =>
  pem
    .split('\n')
    .map((text, i) => (i === line ? change(text) : text))
    .join('\n');
const base64 = (change: (text: string) => string) => (pem: string) =>
  `${BEGIN}\n${change(pem.slice(BEGIN.length + 1, -END.length - 2))}\n${END}\n`;

describe('one canonical PEM block', () => {
  refusedRows([
    ['empty', 'PEMMissing', { pem: () => '' }],
    ['NUL bytes', 'PEMMissing', { pem: () => '\0'.repeat(500) }],
    ['white space', 'PEMMissing', { pem: () => ' \n'.repeat(50) }],
    ['base64 without armour', 'PEMMissing', { pem: (pem) => pem.split('\n').slice(1, -2).join('\n') }],
    ['only the last line', 'PEMMissing', { pem: () => `${END}\n` }],
    ['a BEGIN without its dashes', 'PEMMissing', { pem: (pem) => pem.slice(1) }],
    ['a megabyte', 'CSRTooLarge', { pem: (pem) => pem + 'A'.repeat(2 ** 20) }],

    ['the same block twice', 'PEMNotSingle', { pem: (pem) => pem + pem }],
    ['another request after it', 'PEMNotSingle', { pem: (pem) => pem + other }],
    ['another request before it', 'PEMNotSingle', { pem: (pem) => other + pem }],
    ['another request in its middle', 'PEMNotSingle', { pem: inLine(2, (line) => `${other}${line}`) }],
    ['a first line twice', 'PEMNotSingle', { pem: (pem) => `${BEGIN}\n${pem}` }],
    ['an indented block after it', 'PEMNotSingle', { pem: (pem) => `${pem} ${other}` }],
    ['a certificate after it', 'PEMNotSingle', { pem: (pem) => `${pem}-----BEGIN CERTIFICATE-----\n` }],
    ['BEGIN twice in the first line', 'PEMNotSingle', { pem: inLine(0, (line) => line + line) }],

    [
      'a certificate',
      'PEMLabelWrong',
      { pem: (pem) => pem.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE') },
    ],
    [
      'a private key',
      'PEMLabelWrong',
      { pem: (pem) => pem.replaceAll('CERTIFICATE REQUEST', 'PRIVATE KEY') },
    ],
    [
      'the old label of openssl',
      'PEMLabelWrong',
      { pem: (pem) => pem.replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST') },
    ],
    [
      'the label in lower case',
      'PEMLabelWrong',
      { pem: inLine(0, (line) => line.toLowerCase().replace('begin', 'BEGIN')) },
    ],
    [
      'a blank in the label',
      'PEMLabelWrong',
      { pem: inLine(0, () => '-----BEGIN CERTIFICATE REQUEST -----') },
    ],
    ['no label', 'PEMLabelWrong', { pem: inLine(0, () => '-----BEGIN -----') }],

    ['a blank line before', 'PEMNotCanonical', { pem: (pem) => `\n${pem}` }],
    ['a byte order mark before', 'PEMNotCanonical', { pem: (pem) => `\xef\xbb\xbf${pem}` }],
    ['text before', 'PEMNotCanonical', { pem: (pem) => `Certificate Request:\n${pem}` }],
    ['a blank line after', 'PEMNotCanonical', { pem: (pem) => `${pem}\n` }],
    ['a NUL after', 'PEMNotCanonical', { pem: (pem) => `${pem}\0` }],
    ['text after', 'PEMNotCanonical', { pem: (pem) => `${pem}# n1\n` }],
    ['no line feed at the end', 'PEMNotCanonical', { pem: (pem) => pem.slice(0, -1) }],
    ['CR LF', 'PEMNotCanonical', { pem: (pem) => pem.replaceAll('\n', '\r\n') }],
    ['CR', 'PEMNotCanonical', { pem: (pem) => pem.replaceAll('\n', '\r') }],
    ['CR LF in one line', 'PEMNotCanonical', { pem: inLine(2, (line) => `${line}\r`) }],
    ['CR LF in the first line', 'PEMNotCanonical', { pem: inLine(0, (line) => `${line}\r`) }],
    ['a blank after BEGIN', 'PEMNotCanonical', { pem: inLine(0, (line) => `${line} `) }],
    ['six dashes', 'PEMNotCanonical', { pem: inLine(0, (line) => `${line}-`) }],
    ['a blank before the block', 'PEMNotCanonical', { pem: (pem) => ` ${pem}` }],
    ['a blank before END', 'PEMNotCanonical', { pem: (pem) => pem.replace(END, ` ${END}`) }],
    [
      'another label at END',
      'PEMNotCanonical',
      { pem: (pem) => pem.replace(END, '-----END CERTIFICATE-----') },
    ],
    ['END twice', 'PEMNotCanonical', { pem: (pem) => `${pem}${END}\n` }],
    ['no END', 'PEMNotCanonical', { pem: (pem) => pem.replace(`${END}\n`, '') }],
    ['BEGIN alone', 'PEMNotCanonical', { pem: () => `${BEGIN}\n` }],
    ['a header', 'PEMNotCanonical', { pem: inLine(0, (line) => `${line}\nSubject: CN=n2\n`) }],
    ['a header without the blank line', 'PEMNotCanonical', { pem: inLine(0, (line) => `${line}\nA: b`) }],
    ['a blank line after BEGIN', 'PEMNotCanonical', { pem: inLine(0, (line) => `${line}\n`) }],
    ['a blank line in the middle', 'PEMNotCanonical', { pem: inLine(2, (line) => `${line}\n`) }],
    ['a tab in a line', 'PEMNotCanonical', { pem: inLine(2, (line) => `\t${line}`) }],
    ['a blank at the end of a line', 'PEMNotCanonical', { pem: inLine(2, (line) => `${line} `) }],
    ['a NUL in a line', 'PEMNotCanonical', { pem: inLine(2, (line) => `${line}\0`) }],
    ['a character outside base64', 'PEMNotCanonical', { pem: inLine(2, (line) => `!${line.slice(1)}`) }],
    [
      'base64url',
      'PEMNotCanonical',
      { pem: base64((text) => text.replaceAll('/', '_').replaceAll('+', '-')) },
    ],
    ['no padding', 'PEMNotCanonical', { dns: ['n12'], pem: base64((text) => text.replaceAll('=', '')) }],
    ['padding in the middle', 'PEMNotCanonical', { pem: inLine(2, (line) => `${line.slice(0, 62)}==`) }],
    ['padding for nothing', 'PEMNotCanonical', { pem: base64((text) => `${text}====`) }],
    ['lines of 76', 'PEMNotCanonical', { pem: () => toPEM(buildCSR().der, 76) }],
    ['lines of 63', 'PEMNotCanonical', { pem: () => toPEM(buildCSR().der, 63) }],
    ['one line', 'PEMNotCanonical', { pem: () => toPEM(buildCSR().der, 9999) }],
    ['text after the padding', 'PEMNotCanonical', { pem: base64((text) => `${text}AAAA`) }],

    ['a block of no bytes', 'DERElementMissing', { der: () => new Uint8Array() }],
  ]);

  test('bits under the padding are zero', () => {
    const padded = Array.from({ length: 6 }, (_, i) => buildCSR({ dns: ['n'.repeat(i + 1)] }).pem).find(
      (pem) => Buffer.from(pem).includes('='),
    );
    const text = Buffer.from(padded ?? '').toString('latin1');
    expect(decodeRequest(latin1(text))).toBeDefined();
    // Q, g, w and A are what canonical padding can leave; the next letter sets a bit that is thrown away.
    const bent = text.replace(/([A-Za-z0-9+/])(=+)/, (_, letter: string, pad: string) => {
      return String.fromCodePoint((letter.codePointAt(0) ?? 0) + 1) + pad;
    });
    expect(refusalOf(latin1(bent))).toBe('PEMNotCanonical');
  });

  test('armour and unarmour undo each other', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (der) => {
        expect(armour(der)).toBe(der.length === 0 ? `${BEGIN}\n${END}\n` : toPEM(der));
        expect(new Uint8Array(unarmour(latin1(armour(der))))).toEqual(der);
      }),
    );
  });

  test('whatever is changed in a block, it is not read as another one', () => {
    const good = Buffer.from(buildCSR().pem).toString('latin1');
    const noise = fc.string({
      unit: fc.constantFrom(' ', '\t', '\r', '\n', '\0', '=', '-', 'A', ':', '_', '/', '+'),
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(3), noise, (at, cut, text) => {
        const bent = good.slice(0, at) + text + good.slice(at + cut);
        fc.pre(bent !== good);
        expect(typeof refusalOf(latin1(bent))).toBe('string');
      }),
      { numRuns: 1000 },
    );
  });
});
