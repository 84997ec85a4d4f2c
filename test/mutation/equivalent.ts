/** Mutants of a line that no test can kill, because they do what the original does; and why that is so. */
export interface Equivalent {
  readonly file: string;
  /** The line, and what becomes of it, in single blanks. */
  readonly original: string;
  readonly mutated: readonly string[];
  readonly reason: string;
}

/** Kept true by the run: each must be a mutant that there is, and must survive. */
export const equivalents: readonly Equivalent[] = [
  {
    file: 'src/csr/algorithms.ts',
    original: 'export const MAX_RSA_EXPONENT = 2 ** 31 - 1;',
    mutated: ['export const MAX_RSA_EXPONENT = 2 ** 31 - 0;'],
    reason: '2^31 is even, and an even exponent is refused.',
  },
  {
    file: 'src/csr/der.ts',
    original: 'const [first = 0, second = 0] = content;',
    mutated: ['const [first = 1, second = 0] = content;', 'const [first = 0, second = 1] = content;'],
    reason:
      'Defaults of an integer of no or one octet: no octet is refused, and padding is asked of two only.',
  },
  {
    file: 'src/csr/der.ts',
    original: "if (length > this.#bytes.length) refuse('DERTruncated', this.#where);",
    mutated: [
      "if (false) refuse('DERTruncated', this.#where);",
      "if ((length >= this.#bytes.length)) refuse('DERTruncated', this.#where);",
      'if (length > this.#bytes.length) ;',
    ],
    reason: 'It ends a long length early; next() refuses the same length with the same words.',
  },
  {
    file: 'src/csr/ip.ts',
    original: 'let best = { from: 0, to: 0 };',
    mutated: ['let best = { from: 1, to: 0 };'],
    reason:
      'Where the run begins is not looked at while it ends at 0, and its length is compared with 1 at least.',
  },
  {
    file: 'src/csr/ip.ts',
    original: 'const OCTET = /^(?:0|[1-9]\\d{0,2})$/;',
    mutated: ['const OCTET = /^(?:0|[1-9]\\d{0,3})$/;'],
    reason: 'Four digits without a leading zero are above 255.',
  },
  {
    file: 'src/csr/ip.ts',
    original: 'const octets = fields.map(Number);',
    mutated: ['const octets = fields;'],
    reason: 'The comparison and Uint8Array.from make numbers of the digits, too.',
  },
  {
    file: 'src/csr/ip.ts',
    original: "const [head = '', tail, surplus] = text.split('::');",
    mutated: ["const [head = 'mutated', tail, surplus] = text.split('::');"],
    reason: 'split() gives one part at least; the default is for the type.',
  },
  {
    file: 'src/csr/ip.ts',
    original: 'if (tail === undefined ? zeros !== 0 : zeros < 2) return undefined;',
    mutated: ['if (tail === undefined ? zeros !== 0 : zeros < 1) return undefined;'],
    reason: 'Groups and dotted ends have two octets each: what is missing is even.',
  },
  {
    file: 'src/csr/ip.ts',
    original: 'return [...front, ...Array.from({ length: zeros }, () => 0), ...back];',
    mutated: ['return [...front, ...Array.from({ length: zeros }, () => undefined), ...back];'],
    reason: 'Uint8Array.from makes 0 of it.',
  },
  {
    file: 'src/csr/ip.ts',
    original: 'const MAX_TEXT = 45;',
    mutated: ['const MAX_TEXT = 46;'],
    reason: 'The cap saves time: no text above it is an address.',
  },
  {
    file: 'src/csr/ip.ts',
    original: 'if (text.length > MAX_TEXT) return undefined;',
    mutated: ['if (false) return undefined;'],
    reason: 'The cap saves time: no text above it is an address.',
  },
  {
    file: 'src/csr/key.ts',
    original:
      "if (isNegative(exponent) || !isOdd(exponent) || e < 3 || e > MAX_RSA_EXPONENT) refuse('KeyExponentInvalid');",
    mutated: [
      "if (isNegative(exponent) || !isOdd(exponent) || e < 2 || e > MAX_RSA_EXPONENT) refuse('KeyExponentInvalid');",
    ],
    reason: '2 is even, and an even exponent is refused.',
  },
  {
    file: 'src/csr/second.ts',
    original: '.toSorted(([a], [b]) => (a < b ? -1 : 1)),',
    mutated: ['.toSorted(([a], [b]) => ((a <= b) ? -1 : 1)),'],
    reason: 'No two attributes have one type here, or the two readings differ in number.',
  },
  {
    file: 'src/csr/second.ts',
    original: '.toSorted(([a], [b]) => (a < b ? -1 : 1)),',
    mutated: [
      '.toSorted(([a], [b]) => (a < b ? -2 : 1)),',
      '.toSorted(([a], [b]) => (a < b ? -1 : 2)),',
      '.toSorted(([a], [b]) => (a < b ? -1 : 0)),',
    ],
    reason:
      'Of what compares two items only the sign matters, and a sort asks no more than which of them is the lesser.',
  },
  {
    file: 'src/csr/strings.ts',
    original: "const PRINTABLE = /^[A-Za-z0-9 '()+,\\-./:=?]*$/;",
    mutated: ["const PRINTABLE = /^[A-Za-z0-9 '()+,\\-./:=?]+$/;"],
    reason: 'An empty value is refused before its characters are looked at.',
  },
  {
    file: 'src/csr/strings.ts',
    original: 'const VISIBLE_ASCII = /^[\\x20-\\x7e]*$/;',
    mutated: ['const VISIBLE_ASCII = /^[\\x20-\\x7e]+$/;'],
    reason: 'An empty name is refused before its characters are looked at.',
  },
  {
    file: 'src/csr/uri.ts',
    original:
      "const WITH_HOST = /^[a-z][a-z\\d+.-]*:\\/\\/(?<host>[\\w.-]+)(?:\\/[\\w.~!$&'()*+,;=:@/-]*)?$/;",
    mutated: [
      "const WITH_HOST = /^[a-z][a-z\\d+.-]*:\\/\\/(?<host>[\\w.-]*)(?:\\/[\\w.~!$&'()*+,;=:@/-]*)?$/;",
    ],
    reason: 'An empty host has an empty label, and nothing opaque begins with a slash.',
  },
  {
    file: 'src/csr/uri.ts',
    original: "const host = WITH_HOST.exec(text)?.groups?.['host'];",
    mutated: ["const host = WITH_HOST.exec(text)?.groups['host'];"],
    reason: 'An expression with a named group always gives groups; the type does not know.',
  },
  {
    file: 'src/text/escape.ts',
    original: 'const kept = text.length > maxLength ? cut(text, maxLength) : text;',
    mutated: [
      'const kept = true ? cut(text, maxLength) : text;',
      'const kept = (text.length >= maxLength) ? cut(text, maxLength) : text;',
    ],
    reason: 'Cut at its end or beyond, a text is itself.',
  },
];
