/**
 * A DER *writer* for tests. It writes what it is told, so it can produce BER and nonsense as readily as
 * DER (X.690): tag and length octets may be given by hand. It reads nothing: see der-tree.ts for that.
 */

/** How the length octets are written (X.690 §8.1.3). */
export type LengthForm =
  | 'minimal'
  /** 0x80 … 00 00 (§8.1.3.6): BER only. */
  | 'indefinite'
  /** Long form in exactly this many octets (§8.1.3.5), minimal or not. */
  | { readonly octets: number }
  /** These octets, whatever they say. */
  | { readonly raw: Uint8Array };

export type Content = Uint8Array | readonly Uint8Array[];

/** Universal tag numbers (X.680 §8.6), with the constructed bit where DER demands it. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  visibleString: 0x1a,
  generalString: 0x1b,
  universalString: 0x1c,
  bmpString: 0x1e,
} as const;

export type StringType =
  | 'utf8String'
  | 'numericString'
  | 'printableString'
  | 'teletexString'
  | 'ia5String'
  | 'visibleString'
  | 'generalString'
  | 'universalString'
  | 'bmpString';

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

export const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

export const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

/** Latin-1, so that every byte value can be written as one character. */
export const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

export const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'));

const bigEndian = (value: number, octets: number): Uint8Array => {
  const out = new Uint8Array(octets);
  for (let i = octets - 1, rest = value; i >= 0; i -= 1, rest = Math.floor(rest / 256)) out[i] = rest % 256;
  return out;
};

const lengthOctets = (length: number, form: LengthForm): Uint8Array => {
  if (form === 'indefinite') return bytes(0x80);
  if (form !== 'minimal') {
    return 'raw' in form ? form.raw : concat(bytes(0x80 | form.octets), bigEndian(length, form.octets));
  }
  if (length < 0x80) return bytes(length);
  let octets = 1;
  while (length >= 256 ** octets) octets += 1;
  return concat(bytes(0x80 | octets), bigEndian(length, octets));
};

/** One element. `tag` is the identifier octet, or all of them for a tag number above 30. */
export function tlv(tag: number | Uint8Array, content: Content, form: LengthForm = 'minimal'): Uint8Array {
  const identifier = typeof tag === 'number' ? bytes(tag) : tag;
  // Not concat(...content): a hundred thousand arguments do not fit on the stack.
  const value = content instanceof Uint8Array ? content : new Uint8Array(Buffer.concat(content));
  const end = form === 'indefinite' ? bytes(0, 0) : bytes();
  return concat(identifier, lengthOctets(value.length, form), value, end);
}

/** The same element with other length octets. Only for elements with a one-octet tag. */
export function relength(element: Uint8Array, form: LengthForm): Uint8Array {
  return tlv(element[0] ?? 0, contentOf(element), form);
}

/** The content octets of a DER element with a one-octet tag. */
export function contentOf(element: Uint8Array): Uint8Array {
  const first = element[1] ?? 0;
  return element.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f));
}

export const sequence = (...items: readonly Uint8Array[]): Uint8Array => tlv(TAG.sequence, items);
export const set = (...items: readonly Uint8Array[]): Uint8Array => tlv(TAG.set, items);
export const octetString = (content: Content): Uint8Array => tlv(TAG.octetString, content);
export const nullValue = (): Uint8Array => tlv(TAG.null, bytes());
export const boolean = (value: boolean): Uint8Array => tlv(TAG.boolean, bytes(value ? 0xff : 0));

export const bitString = (content: Uint8Array, unused = 0): Uint8Array =>
  tlv(TAG.bitString, [bytes(unused), content]);

/** [n] of the context class (X.690 §8.1.2): primitive, as IMPLICIT strings are. */
export const context = (number: number, content: Content): Uint8Array => tlv(0x80 | number, content);

/** [n] of the context class, constructed: EXPLICIT tags, and IMPLICIT ones of SEQUENCE or SET. */
export const explicit = (number: number, content: Content): Uint8Array => tlv(0xa0 | number, content);

/** INTEGER in the fewest octets (X.690 §8.3.2). Other encodings: `tlv(TAG.integer, …)`. */
export function integer(value: bigint | number): Uint8Array {
  let rest = BigInt(value);
  const out: number[] = [];
  for (;;) {
    out.unshift(Number(BigInt.asUintN(8, rest)));
    const negative = (out[0] ?? 0) >= 0x80;
    rest >>= 8n;
    if ((rest === 0n && !negative) || (rest === -1n && negative))
      return tlv(TAG.integer, Uint8Array.from(out));
  }
}

const base128 = (value: bigint): number[] => {
  const out = [Number(value & 0x7fn)];
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) out.unshift(Number(rest & 0x7fn) | 0x80);
  return out;
};

/** OBJECT IDENTIFIER from dotted text (X.690 §8.19). */
export function oid(dotted: string): Uint8Array {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  return tlv(TAG.oid, Uint8Array.from([first * 40n + second, ...rest].flatMap(base128)));
}

const ENCODERS: Partial<Record<StringType, (text: string) => Uint8Array>> = {
  utf8String: utf8,
  bmpString: (text) => new Uint8Array(Buffer.from(text, 'utf16le').swap16()),
  universalString: (text) => concat(...Array.from(text, (c) => bigEndian(c.codePointAt(0) ?? 0, 4))),
};

/** A character string. Bytes are taken as they are; text is encoded as the type says, Latin-1 if it says nothing. */
export function string(type: StringType, text: string | Uint8Array): Uint8Array {
  return tlv(TAG[type], text instanceof Uint8Array ? text : (ENCODERS[type] ?? latin1)(text));
}
