import { refuse } from './refusal.ts';

/** Identifier octets that occur in a request (X.690 §8.1.2). Anything else is refused where it stands. */
export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  SEQUENCE: 0x30,
  SET: 0x31,
  ATTRIBUTES: 0xa0,
} as const;

export interface Element {
  /** Identifier, length and content octets. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

const hex = (octet: number): string => octet.toString(16).padStart(2, '0');

/**
 * Reads DER elements one after the other from a range of bytes. It goes down only where the caller knows the
 * grammar, so depth is the grammar's and never the sender's, and the tag is judged before the length is read.
 */
export class DERReader {
  readonly #bytes: Uint8Array;
  readonly #where: string;
  #at = 0;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#where = where;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The identifier octet of the next element. */
  peek(): number {
    return this.#bytes[this.#at] ?? refuse('DERElementMissing', this.#where);
  }

  next(tag: number): Element {
    const found = this.peek();
    if (found !== tag) refuse('DERTagUnexpected', `${this.#where}: ${hex(found)} where ${hex(tag)} belongs`);
    const start = this.#at;
    this.#at += 1;
    const length = this.#length();
    const begin = this.#at;
    if (length > this.#bytes.length - begin) refuse('DERTruncated', this.#where);
    this.#at = begin + length;
    return {
      whole: this.#bytes.subarray(start, this.#at),
      content: this.#bytes.subarray(begin, this.#at),
    };
  }

  /** A reader of what is inside the next element. */
  enter(tag: number, where: string): DERReader {
    return new DERReader(this.next(tag).content, where);
  }

  /** INTEGER content in two's complement, in the fewest octets (X.690 §8.3.2). */
  integer(): Uint8Array {
    const { content } = this.next(TAG.INTEGER);
    const [first = 0, second = 0] = content;
    const padded = (first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80);
    if (content.length === 0 || (content.length > 1 && padded)) refuse('DERIntegerNotMinimal', this.#where);
    return content;
  }

  /** BIT STRING of whole octets: all those of a request are (X.690 §11.2 leaves nothing else for them). */
  octetsOfBitString(): Uint8Array {
    const { content } = this.next(TAG.BIT_STRING);
    if (content[0] !== 0) refuse('DERBitStringNotCanonical', this.#where);
    return content.subarray(1);
  }

  /** Nothing may follow. */
  end(): void {
    if (!this.done) refuse('DERTrailingData', `${this.#where}: ${this.#bytes.length - this.#at} bytes`);
  }

  /** Definite form in the fewest octets (X.690 §10.1). */
  #length(): number {
    const first = this.#octet();
    if (first < 0x80) return first;
    if (first === 0x80) refuse('DERLengthIndefinite', this.#where);
    const octets = first & 0x7f;
    let length = 0;
    for (let i = 0; i < octets; i += 1) {
      length = length * 256 + this.#octet();
      if (length === 0) refuse('DERLengthNotMinimal', this.#where);
      // Longer than any request: the rest of the length need not be read.
      if (length > this.#bytes.length) refuse('DERTruncated', this.#where);
    }
    if (length < 0x80) refuse('DERLengthNotMinimal', this.#where);
    return length;
  }

  #octet(): number {
    const octet = this.#bytes[this.#at] ?? refuse('DERTruncated', this.#where);
    this.#at += 1;
    return octet;
  }
}
