import { BEGIN, buildCSR, END, toPEM } from '../../support/csr.ts';
import { latin1 } from '../../support/der.ts';
import { trap, type Trap } from '../trap.ts';

const TEXT = 'RFC 7468 §3, stricttextualmsg';
const ONE = 'RFC 7468 §2; Go reads the first block that it can';
const LABEL = 'RFC 7468 §7';

const good = buildCSR();
const text = toPEM(good.der);
const other = toPEM(buildCSR({ node: 'n2', ip: ['10.0.0.2'] }).der);
const lines = text.trimEnd().split('\n');
const body = lines.slice(1, -1);
const base64 = body.join('');
const certificate = other.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE');

const of = (...parts: readonly string[]): Uint8Array => latin1(parts.join(''));
const armour = (...inside: readonly string[]): Uint8Array => of([BEGIN, ...inside, END, ''].join('\n'));
const wrapped = (columns: number): Uint8Array => of(toPEM(good.der, columns));
const onLine = (number: number, change: (line: string) => string): Uint8Array =>
  of([...lines.map((line, i) => (i === number ? change(line) : line)), ''].join('\n'));

/** Near-canonical text, block by block: Go skips some of these blocks and reads the next one. */
export const pem: readonly Trap[] = [
  trap('pem-empty', 'no bytes', 'RFC 7468 §2', 'PEMMissing', of('')),
  trap('pem-blank', 'white space only', 'RFC 7468 §2', 'PEMMissing', of(' \n\t\n')),
  trap('pem-nul', 'NUL bytes only', 'RFC 7468 §2', 'PEMMissing', new Uint8Array(64)),
  trap('pem-der', 'the DER without armour', 'RFC 7468 §2', 'PEMMissing', good.der),
  trap('pem-base64-only', 'base64 without armour', 'RFC 7468 §2', 'PEMMissing', of(base64)),
  trap(
    'pem-hex',
    'hexadecimal in armour',
    TEXT,
    'PEMNotCanonical',
    armour(Buffer.from(good.der).toString('hex')),
  ),
  trap('pem-utf16', 'UTF-16', 'RFC 7468 §2', 'PEMMissing', new Uint8Array(Buffer.from(text, 'utf16le'))),
  trap('pem-nothing-inside', 'no base64', TEXT, ['PEMNotCanonical', 'DERElementMissing'], armour()),

  trap('pem-text-before', 'text before', TEXT, 'PEMNotCanonical', of('hello\n', text)),
  trap('pem-newline-before', 'a blank line before', TEXT, 'PEMNotCanonical', of('\n', text)),
  trap('pem-space-before', 'an indented BEGIN', TEXT, 'PEMNotCanonical', of(' ', text)),
  trap('pem-bom', 'a byte order mark', TEXT, 'PEMNotCanonical', of('\xef\xbb\xbf', text)),
  trap('pem-text-after', 'text after', TEXT, 'PEMNotCanonical', of(text, 'bye\n')),
  trap('pem-nul-after', 'a NUL after', TEXT, 'PEMNotCanonical', of(text, '\0')),
  trap('pem-newline-after', 'a second newline after', TEXT, 'PEMNotCanonical', of(text, '\n')),
  trap('pem-newline-missing', 'no newline after', TEXT, 'PEMNotCanonical', of(text.trimEnd())),
  trap('pem-text-after-end', 'text on the END line', TEXT, 'PEMNotCanonical', of(text.trimEnd(), 'x\n')),
  trap(
    'pem-space-after-begin',
    'a space after BEGIN',
    TEXT,
    'PEMNotCanonical',
    onLine(0, (l) => `${l} `),
  ),
  trap('pem-space-after-end', 'a space after END', TEXT, 'PEMNotCanonical', of(text.trimEnd(), ' \n')),
  trap('pem-crlf', 'CRLF', TEXT, 'PEMNotCanonical', of(text.replaceAll('\n', '\r\n'))),
  trap('pem-cr', 'CR alone', TEXT, ['PEMNotCanonical', 'PEMLabelWrong'], of(text.replaceAll('\n', '\r'))),
  trap(
    'pem-one-crlf',
    'one CRLF',
    TEXT,
    'PEMNotCanonical',
    onLine(1, (l) => `${l}\r`),
  ),

  trap('pem-wrapped-76', 'lines of 76', TEXT, 'PEMNotCanonical', wrapped(76)),
  trap('pem-wrapped-63', 'lines of 63', TEXT, 'PEMNotCanonical', wrapped(63)),
  trap('pem-one-line', 'one long line', TEXT, 'PEMNotCanonical', wrapped(100_000)),
  trap(
    'pem-line-split',
    'one line cut in two',
    TEXT,
    'PEMNotCanonical',
    onLine(1, (l) => `${l.slice(0, 9)}\n${l.slice(9)}`),
  ),
  trap(
    'pem-blank-line',
    'a blank line inside',
    TEXT,
    'PEMNotCanonical',
    onLine(2, (l) => `\n${l}`),
  ),
  trap(
    'pem-space-in-line',
    'a space inside a line',
    TEXT,
    'PEMNotCanonical',
    onLine(1, (l) => `${l.slice(0, 9)} ${l.slice(9)}`),
  ),
  trap(
    'pem-space-ends-line',
    'a space at the end of a line',
    TEXT,
    'PEMNotCanonical',
    onLine(1, (l) => `${l} `),
  ),
  trap(
    'pem-tab',
    'a tab inside a line',
    TEXT,
    'PEMNotCanonical',
    onLine(1, (l) => `${l.slice(0, 9)}\t${l.slice(9)}`),
  ),
  trap(
    'pem-vertical-tab',
    'a vertical tab',
    TEXT,
    'PEMNotCanonical',
    onLine(1, (l) => `\v${l}`),
  ),
  trap(
    'pem-form-feed',
    'a form feed',
    TEXT,
    'PEMNotCanonical',
    onLine(1, (l) => `\f${l}`),
  ),
  trap(
    'pem-nul-inside',
    'a NUL inside a line',
    TEXT,
    'PEMNotCanonical',
    onLine(1, (l) => `${l.slice(0, 9)}\0${l.slice(9)}`),
  ),
  trap(
    'pem-nbsp',
    'a byte A0 inside a line',
    TEXT,
    'PEMNotCanonical',
    onLine(1, (l) => `${l}\xa0`),
  ),
  trap(
    'pem-not-base64',
    'a character that is not base64',
    TEXT,
    'PEMNotCanonical',
    onLine(1, (l) => `${l.slice(0, -1)}!`),
  ),
  trap(
    'pem-base64url',
    'base64url',
    'RFC 4648 §5',
    'PEMNotCanonical',
    of(text.replaceAll('/', '_').replaceAll('+', '-')),
  ),
  trap('pem-unpadded', 'padding left out', 'RFC 4648 §3.2', 'PEMNotCanonical', padded(0)),
  trap('pem-overpadded', 'a padding character too many', 'RFC 4648 §3.2', 'PEMNotCanonical', padded(5)),
  trap('pem-padding-bits', 'bits in the padding', 'RFC 4648 §3.5', 'PEMNotCanonical', paddingBits()),
  trap('pem-padding-inside', 'two base64 texts joined', 'RFC 4648 §3.2', 'PEMNotCanonical', joined()),
  trap('pem-comment', 'a comment line', TEXT, 'PEMNotCanonical', armour('# comment', ...body)),
  trap(
    'pem-header',
    'an encapsulated header',
    'RFC 1421 §4.6',
    'PEMNotCanonical',
    armour('Proc-Type: 4', '', ...body),
  ),
  trap(
    'pem-header-no-space',
    'a header without space',
    'RFC 1421 §4.6',
    'PEMNotCanonical',
    armour('a:b', '', ...body),
  ),
  trap(
    'pem-header-no-blank',
    'a header without a blank line',
    'RFC 1421 §4.6',
    'PEMNotCanonical',
    armour('a: b', ...body),
  ),
  trap('pem-blank-header', 'a blank line after BEGIN', TEXT, 'PEMNotCanonical', armour('', ...body)),
  trap('pem-joined-begin', 'base64 on the BEGIN line', TEXT, 'PEMNotCanonical', of(text.replace('\n', ''))),
  trap(
    'pem-joined-end',
    'base64 on the END line',
    TEXT,
    'PEMNotCanonical',
    of(text.replace(`\n${END}`, END)),
  ),

  trap(
    'pem-label-new',
    'NEW CERTIFICATE REQUEST',
    LABEL,
    'PEMLabelWrong',
    of(text.replaceAll('CERTIFICATE', 'NEW CERTIFICATE')),
  ),
  trap('pem-label-certificate', 'another label', LABEL, 'PEMLabelWrong', of(text.replaceAll(' REQUEST', ''))),
  trap(
    'pem-label-lower-case',
    'a label in lower case',
    LABEL,
    'PEMLabelWrong',
    of(text.replaceAll('CERTIFICATE', 'certificate')),
  ),
  trap(
    'pem-label-empty',
    'an empty label',
    LABEL,
    'PEMLabelWrong',
    of(text.replaceAll('CERTIFICATE REQUEST', '')),
  ),
  trap(
    'pem-label-spaces',
    'two spaces in the label',
    LABEL,
    'PEMLabelWrong',
    of(text.replaceAll('E R', 'E  R')),
  ),
  trap(
    'pem-label-end-differs',
    'another label at END',
    LABEL,
    'PEMNotCanonical',
    of(text.replace(END, '-----END CERTIFICATE-----')),
  ),
  trap('pem-dashes-four', 'four dashes', LABEL, 'PEMMissing', of(text.replaceAll('-----', '----'))),
  trap(
    'pem-dashes-six',
    'six dashes',
    LABEL,
    ['PEMNotCanonical', 'PEMLabelWrong'],
    of(text.replaceAll('-----', '------')),
  ),
  trap('pem-end-missing', 'no END', LABEL, 'PEMNotCanonical', of(text.replace(END, ''))),
  trap('pem-begin-missing', 'no BEGIN', LABEL, 'PEMMissing', of(text.replace(BEGIN, ''))),

  trap('pem-two-requests', 'two requests', ONE, 'PEMNotSingle', of(text, other)),
  trap('pem-two-requests-swapped', 'the same, the other first', ONE, 'PEMNotSingle', of(other, text)),
  trap('pem-twice', 'the same block twice', ONE, 'PEMNotSingle', of(text, text)),
  trap('pem-certificate-after', 'a certificate after', ONE, 'PEMNotSingle', of(text, certificate)),
  trap('pem-certificate-before', 'a certificate before', ONE, 'PEMNotSingle', of(certificate, text)),
  trap('pem-two-begins', 'BEGIN twice, END once', ONE, 'PEMNotSingle', of(`${BEGIN}\n`, text)),
  trap(
    'pem-begin-inside',
    'a BEGIN inside',
    ONE,
    'PEMNotSingle',
    onLine(2, (l) => `${BEGIN}\n${l}`),
  ),
  trap('pem-two-ends', 'END twice', TEXT, 'PEMNotCanonical', of(text, `${END}\n`)),
  trap('pem-begin-after', 'a BEGIN after', ONE, 'PEMNotSingle', of(text, `${BEGIN}\n`)),
  trap('pem-first-indented', 'an indented block, then another', ONE, 'PEMNotSingle', of(' ', text, other)),
  trap(
    'pem-first-unpadded',
    'a block that Go skips, then another',
    ONE,
    'PEMNotSingle',
    of(Buffer.from(padded(0)).toString('latin1'), other),
  ),
  trap(
    'pem-first-end-differs',
    'a block with another END, then another',
    ONE,
    'PEMNotSingle',
    of(text.replace(END, '-----END X-----'), other),
  ),
  trap(
    'pem-first-space',
    'a block with a space in its base64, then another',
    ONE,
    'PEMNotSingle',
    of(text.replace('MII', 'M II'), other),
  ),
  trap(
    'pem-first-header',
    'a block with a header, then another',
    ONE,
    'PEMNotSingle',
    of(text.replace('\n', '\na:b\n\n'), other),
  ),
  trap(
    'pem-first-certificate-label',
    'a block labelled otherwise at BEGIN, then another',
    ONE,
    'PEMNotSingle',
    of(text.replace('CERTIFICATE REQUEST', 'X'), other),
  ),
];

/** The armour around this many padding characters, whatever the base64 needs. */
function padded(characters: number): Uint8Array {
  return latin1(toPEM(needingPadding()).replace(/=*\n-----END/, `${'='.repeat(characters)}\n-----END`));
}

/** A request whose base64 ends in "=", with one of the two unused bits set. */
function paddingBits(): Uint8Array {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const next = (character: string): string => alphabet[alphabet.indexOf(character) + 1] ?? '';
  return latin1(
    toPEM(needingPadding()).replace(
      /(.)(=+\n-----END)/,
      (_, last: string, rest: string) => next(last) + rest,
    ),
  );
}

function joined(): Uint8Array {
  const whole = Buffer.from(needingPadding());
  const head = whole.subarray(0, 100).toString('base64');
  return latin1([BEGIN, head, whole.subarray(100).toString('base64'), END, ''].join('\n'));
}

/** Of a length that base64 has to pad. */
function needingPadding(): Uint8Array {
  const candidates = ['n1', 'n10', 'n100'].map((node) => buildCSR({ node }).der);
  return candidates.find((der) => der.length % 3 !== 0) ?? good.der;
}
