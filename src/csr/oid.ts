import { refuse } from './refusal.ts';

/** Go's encoding/asn1 reads arcs of 31 bits and refuses larger ones. */
const MAX_ARC = 2 ** 31 - 1;

/** More than twice what any known attribute or extension has; the text goes into messages. */
const MAX_OCTETS = 32;

/**
 * Dotted text of an OBJECT IDENTIFIER's content octets (X.690 §8.19). Minimal arcs only, so that text and
 * octets stand for each other one to one and tables can be keyed by text.
 */
export function objectIdentifier(content: Uint8Array): string {
  if (content.length > MAX_OCTETS) refuse('DERObjectIdentifierInvalid', 'too long');
  const arcs: number[] = [];
  let arc = 0;
  let inside = false;
  for (const octet of content) {
    if (!inside && octet === 0x80) refuse('DERObjectIdentifierInvalid', 'padded arc');
    arc = arc * 128 + (octet & 0x7f);
    if (arc > MAX_ARC) refuse('DERObjectIdentifierInvalid', 'arc too large');
    inside = octet >= 0x80;
    if (inside) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first] = arcs;
  if (inside || first === undefined) return refuse('DERObjectIdentifierInvalid', 'cut off or empty');
  // The first octets hold two arcs (§8.19.4).
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...arcs.slice(1)].join('.');
}
