import { bytes, concat, tlv, type LengthForm } from './der.ts';

/**
 * An element to look at or to bend. What a lenient reader makes of any bytes: BER lengths are kept as they
 * were written, and what is no element at all is kept as raw bytes, so that encoding gives back the input.
 */
export interface DerNode {
  /** Identifier octets; none for raw bytes that are no element. */
  identifier: Uint8Array;
  form: LengthForm;
  /** The content, or what comes before the children in it (the unused-bits octet of a BIT STRING). */
  content: Uint8Array;
  children: DerNode[];
}

/** Deeper ones are kept as plain content: nothing here may recurse as deep as an attacker likes. */
const MAX_DEPTH = 40;

export const rawNode = (content: Uint8Array): DerNode => ({
  identifier: bytes(),
  form: 'minimal',
  content,
  children: [],
});

export const isRaw = (node: DerNode): boolean => node.identifier.length === 0;

export function encodeTree(node: DerNode): Uint8Array {
  const content = concat(node.content, ...node.children.map(encodeTree));
  return isRaw(node) ? content : tlv(node.identifier, content, node.form);
}

/** Every element in the bytes, one after the other; the last may be raw. */
export function readForest(data: Uint8Array, depth = 0): DerNode[] {
  const nodes: DerNode[] = [];
  for (let at = 0; at < data.length;) {
    const found = readElement(data, at, depth);
    if (found === undefined) return [...nodes, rawNode(data.slice(at))];
    nodes.push(found.node);
    at = found.end;
  }
  return nodes;
}

/** The bytes as one element, or as raw bytes. */
export function readTree(data: Uint8Array): DerNode {
  const found = readElement(data, 0, 0);
  return found?.end === data.length ? found.node : rawNode(data);
}

/** All nodes, parents before children. */
export function walk(node: DerNode): DerNode[] {
  return [node, ...node.children.flatMap(walk)];
}

export function cloneTree(node: DerNode): DerNode {
  return { ...node, children: node.children.map(cloneTree) };
}

type Found = { readonly node: DerNode; readonly end: number };

function readElement(data: Uint8Array, start: number, depth: number): Found | undefined {
  const head = readHead(data, start);
  if (head === undefined) return undefined;
  const identifier = data.slice(start, head.identifierEnd);
  if (head.length === undefined) return readIndefinite(data, identifier, head.contentStart, depth);
  const end = head.contentStart + head.length;
  if (end > data.length) return undefined;
  const node = fill(identifier, head.form, data.slice(head.contentStart, end), depth);
  return { node, end };
}

type Head = {
  readonly identifierEnd: number;
  readonly form: LengthForm;
  readonly contentStart: number;
  readonly length: number | undefined;
};

function readHead(data: Uint8Array, start: number): Head | undefined {
  let at = start + 1;
  if (((data[start] ?? 0) & 0x1f) === 0x1f) {
    while ((data[at] ?? 0) >= 0x80) at += 1;
    at += 1;
  }
  const first = data[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { identifierEnd: at, form: 'minimal', contentStart: at + 1, length: first };
  const octets = first & 0x7f;
  const contentStart = at + 1 + octets;
  if (octets === 0) return { identifierEnd: at, form: 'indefinite', contentStart, length: undefined };
  if (octets > 6 || contentStart > data.length) return undefined;
  const length = data.subarray(at + 1, contentStart).reduce((sum, octet) => sum * 256 + octet, 0);
  const minimal = length >= 0x80 && length >= 256 ** (octets - 1);
  return { identifierEnd: at, form: minimal ? 'minimal' : { octets }, contentStart, length };
}

/** X.690 §8.1.3.6: elements up to the end-of-contents octets. */
function readIndefinite(
  data: Uint8Array,
  identifier: Uint8Array,
  start: number,
  depth: number,
): Found | undefined {
  if (depth >= MAX_DEPTH) return undefined;
  const children: DerNode[] = [];
  for (let at = start; at < data.length;) {
    if (data[at] === 0 && data[at + 1] === 0) {
      return { node: { identifier, form: 'indefinite', content: bytes(), children }, end: at + 2 };
    }
    const found = readElement(data, at, depth + 1);
    if (found === undefined) return undefined;
    children.push(found.node);
    at = found.end;
  }
  return undefined;
}

function fill(identifier: Uint8Array, form: LengthForm, content: Uint8Array, depth: number): DerNode {
  const tag = identifier[0] ?? 0;
  const node: DerNode = { identifier, form, content, children: [] };
  if (depth >= MAX_DEPTH) return node;
  if ((tag & 0x20) !== 0) return { ...node, content: bytes(), children: readForest(content, depth + 1) };
  // An extension's value and an RSA key are DER inside a string.
  const lead = tag === 0x04 ? 0 : tag === 0x03 && content[0] === 0 ? 1 : -1;
  if (lead < 0 || content[lead] !== 0x30) return node;
  const inner = readElement(content, lead, depth + 1);
  return inner?.end === content.length
    ? { ...node, content: content.slice(0, lead), children: [inner.node] }
    : node;
}
