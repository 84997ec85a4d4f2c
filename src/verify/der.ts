/** A DER writer (X.690) of what a certificate request consists of. src/csr/der.ts reads. */

const concat = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** One element, its length in the fewest octets (X.690 §10.1). */
export function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const value = concat(content);
  const length: number[] = [];
  for (let rest = value.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  const octets = value.length < 0x80 ? [value.length] : [0x80 | length.length, ...length];
  return concat([Uint8Array.of(tag, ...octets), value]);
}

export const sequence = (...content: readonly Uint8Array[]): Uint8Array => element(0x30, ...content);
export const set = (...content: readonly Uint8Array[]): Uint8Array => element(0x31, ...content);
export const octetString = (content: Uint8Array): Uint8Array => element(0x04, content);

/** BIT STRING of whole octets. */
export const bitString = (content: Uint8Array): Uint8Array => element(0x03, Uint8Array.of(0), content);

/** OBJECT IDENTIFIER (X.690 §8.19) of dotted text. */
export function objectIdentifier(text: string): Uint8Array {
  const [first = 0, second = 0, ...arcs] = text.split('.').map(Number);
  return element(0x06, Uint8Array.from([first * 40 + second, ...arcs].flatMap(base128)));
}

function base128(arc: number): number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift(0x80 | (rest % 128));
  }
  return octets;
}
