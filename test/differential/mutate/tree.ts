import { bytes, concat, oid, TAG, type LengthForm } from '../../support/der.ts';
import { cloneTree, encodeTree, rawNode, walk, type DerNode } from '../../support/der-tree.ts';
import { nodeOf, type Draft } from './draft.ts';
import type { Random } from './random.ts';
import { anyElement, OIDS } from './vocabulary.ts';

/** A change to a draft. It may find nothing to change. */
export type Mutation = (draft: Draft, random: Random) => void;

const any = ({ root }: Draft, random: Random): DerNode => random.pick(walk(root));

/** A node and the children that it is one of. */
function child(
  draft: Draft,
  random: Random,
): { siblings: DerNode[]; index: number; node: DerNode } | undefined {
  const parents = walk(draft.root).filter(({ children }) => children.length > 0);
  if (parents.length === 0) return undefined;
  const siblings = random.pick(parents).children;
  const index = random.int(siblings.length);
  const node = siblings[index];
  return node && { siblings, index, node };
}

const ofTag = (draft: Draft, random: Random, wanted: (tag: number) => boolean): DerNode | undefined => {
  const found = walk(draft.root).filter(({ identifier }) => wanted(identifier[0] ?? -1));
  return found.length === 0 ? undefined : random.pick(found);
};

const STRINGS: readonly number[] = [0x0c, 0x12, 0x13, 0x14, 0x16, 0x1a, 0x1b, 0x1c, 0x1e];

const changeTag: Mutation = (draft, random) => {
  const node = any(draft, random);
  const tag = node.identifier[0] ?? 0;
  node.identifier = random.pick([
    bytes(tag ^ 0x20),
    bytes(tag ^ 0x40),
    bytes(tag ^ 0x80),
    bytes((tag & 0xe0) | random.int(31)),
    bytes(random.int(256)),
    bytes(tag | 0x1f, tag & 0x1f),
    bytes(tag | 0x1f, 0x80, tag & 0x1f),
  ]);
};

const changeLength: Mutation = (draft, random) => {
  const node = any(draft, random);
  const size = encodeTree(node).length;
  node.form = random.pick<LengthForm>([
    'indefinite',
    { octets: 1 + random.int(5) },
    { raw: bytes(Math.min(127, Math.max(0, size - 3 + random.int(4)))) },
    { raw: bytes(0x81, size & 0xff) },
    { raw: random.bytes(1 + random.int(3)) },
  ]);
};

const duplicate: Mutation = (draft, random) => {
  const found = child(draft, random);
  found?.siblings.splice(random.chance(0.5) ? found.index : found.siblings.length, 0, cloneTree(found.node));
};

const remove: Mutation = (draft, random) => {
  const found = child(draft, random);
  found?.siblings.splice(found.index, 1);
};

const swap: Mutation = (draft, random) => {
  const found = child(draft, random);
  if (found === undefined) return;
  const other = random.int(found.siblings.length);
  const node = found.siblings[other];
  if (node === undefined) return;
  found.siblings[other] = found.node;
  found.siblings[found.index] = node;
};

/** A copy of one element put somewhere else. */
const transplant: Mutation = (draft, random) => {
  const from = any(draft, random);
  const to = child(draft, random);
  if (from === draft.root) return;
  to?.siblings.splice(to.index, random.chance(0.5) ? 1 : 0, cloneTree(from));
};

const insert: Mutation = (draft, random) => {
  const parents = walk(draft.root).filter(({ identifier }) => ((identifier[0] ?? 0) & 0x20) !== 0);
  if (parents.length === 0) return;
  const { children } = random.pick(parents);
  const at = random.chance(0.6) ? children.length : random.int(children.length + 1);
  children.splice(
    at,
    0,
    random.chance(0.85) ? nodeOf(anyElement(random)) : rawNode(random.bytes(1 + random.int(4))),
  );
};

const wrap: Mutation = (draft, random) => {
  const found = child(draft, random);
  if (found === undefined) return;
  const identifier = bytes(random.pick([0x30, 0x31, 0x04, 0xa0, 0xa3, 0x24]));
  found.siblings[found.index] = { identifier, form: 'minimal', content: bytes(), children: [found.node] };
};

const unwrap: Mutation = (draft, random) => {
  const found = child(draft, random);
  if (found === undefined || found.node.children.length === 0) return;
  found.siblings.splice(found.index, 1, ...found.node.children);
};

/** Bytes after the elements inside an element. */
const trail: Mutation = (draft, random) => {
  any(draft, random).children.push(
    rawNode(random.pick([bytes(0), bytes(0, 0), bytes(5, 0), random.bytes(3)])),
  );
};

const changeBytes: Mutation = (draft, random) => {
  const leaves = walk(draft.root).filter(({ content }) => content.length > 0);
  if (leaves.length === 0) return;
  const leaf = random.pick(leaves);
  const at = random.int(leaf.content.length);
  const [head, tail] = [leaf.content.slice(0, at), leaf.content.slice(at)];
  const flipped = Uint8Array.from(tail, (octet, i) => (i === 0 ? octet ^ (1 << random.int(8)) : octet));
  leaf.content = random.pick([
    concat(head, flipped),
    concat(head, tail.slice(1)),
    concat(head, random.bytes(1), tail),
    concat(head, bytes(0), tail),
    concat(leaf.content, bytes(0)),
    concat(bytes(0), leaf.content),
    head,
    bytes(),
  ]);
};

const changeStringType: Mutation = (draft, random) => {
  const node = ofTag(draft, random, (tag) => STRINGS.includes(tag));
  if (node !== undefined) node.identifier = bytes(random.pick(STRINGS));
};

const changeOID: Mutation = (draft, random) => {
  const node = ofTag(draft, random, (tag) => tag === TAG.oid);
  if (node === undefined) return;
  const { content } = node;
  node.content = random.pick([
    nodeOf(oid(random.pick(OIDS))).content,
    concat(content.slice(0, 1), bytes(0x80), content.slice(1)),
    concat(content, bytes(random.int(128))),
    concat(content, bytes(0x81)),
    content.slice(0, -1),
    concat(content.slice(0, -1), bytes(0x90, 0x80, 0x80, 0x80, content.at(-1) ?? 0)),
  ]);
};

const changeInteger: Mutation = (draft, random) => {
  const node = ofTag(draft, random, (tag) => tag === TAG.integer);
  if (node === undefined) return;
  const { content } = node;
  node.content = random.pick([
    concat(bytes(0), content),
    concat(bytes(0xff), content),
    bytes(),
    bytes(random.int(256)),
    random.bytes(1 + random.int(9)),
    Uint8Array.from(content, (octet) => ~octet),
  ]);
};

/** At the level of tags, lengths and values, whatever they mean. */
export const treeMutations: Readonly<Record<string, Mutation>> = {
  changeTag,
  changeLength,
  duplicate,
  remove,
  swap,
  transplant,
  insert,
  wrap,
  unwrap,
  trail,
  changeBytes,
  changeStringType,
  changeOID,
  changeInteger,
};
