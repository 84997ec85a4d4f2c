import { bytes, concat, latin1 } from '../../support/der.ts';
import { cloneTree, encodeTree, readTree, walk, type DerNode } from '../../support/der-tree.ts';
import { signatureAlgorithm, toPEM } from '../../support/csr.ts';
import { testKey, type HashName, type KeyType, type TestKey } from '../../support/csr-keys.ts';

/** A request in the making: mutations change it, rendering signs it, so that Go gets past the signature. */
export interface Draft {
  root: DerNode;
  /** Signs; undefined leaves the signature as it is. */
  key: TestKey | undefined;
  hash: HashName | undefined;
  /** Changes to the signature's octets, after signing. */
  signature: ((octets: Uint8Array) => Uint8Array)[];
  /** Changes to the DER, after signing. */
  der: ((der: Uint8Array) => Uint8Array)[];
  /** Changes to the armoured text. */
  text: ((text: string) => string)[];
}

const KEY_TYPES: readonly KeyType[] = ['P-256', 'P-384', 'P-521', 'P-224', 'Ed25519', 'RSA-1024', 'RSA-2048'];

const keyBySpki = new Map<string, TestKey>();

const hexOf = (data: Uint8Array): string => Buffer.from(data).toString('hex');

function keyOf(root: DerNode): TestKey | undefined {
  if (keyBySpki.size === 0)
    for (const type of KEY_TYPES) keyBySpki.set(hexOf(testKey(type).spki), testKey(type));
  const spki = root.children[0]?.children[2];
  return spki && keyBySpki.get(hexOf(encodeTree(spki)));
}

/** A draft of that request. Unknown keys and hashes keep their signatures, which a change then breaks. */
export function draftOf(der: Uint8Array): Draft {
  const root = readTree(der);
  const key = keyOf(root);
  const algorithm = root.children[1];
  const usual = key && algorithm && hexOf(encodeTree(algorithm)) === hexOf(signatureAlgorithm(key));
  return { root, key: usual ? key : undefined, hash: undefined, signature: [], der: [], text: [] };
}

export const cloneDraft = (draft: Draft): Draft => ({
  ...draft,
  root: cloneTree(draft.root),
  signature: [],
  der: [],
  text: [],
});

/** The bytes of `spec.request`. */
export function render(draft: Draft): Uint8Array {
  sign(draft);
  const der = draft.der.reduce((data, change) => change(data), encodeTree(draft.root));
  return latin1(draft.text.reduce((text, change) => change(text), toPEM(der)));
}

function sign({ root, key, hash, signature }: Draft): void {
  const [info] = root.children;
  const node = root.children.findLast(({ identifier }) => identifier[0] === 0x03);
  if (info === undefined || node === undefined) return;
  if (key === undefined && signature.length === 0) return;
  const [unused = 0, ...octets] = concat(node.content, ...node.children.map(encodeTree));
  const signed = key === undefined ? Uint8Array.from(octets) : key.sign(encodeTree(info), hash);
  node.children = [];
  node.content = concat(
    bytes(unused),
    signature.reduce((value, change) => change(value), signed),
  );
}

/** An element as a node, to be put somewhere. */
export const nodeOf = (element: Uint8Array): DerNode => readTree(element);

const contains = (node: DerNode | undefined, content: Uint8Array): boolean =>
  node !== undefined && hexOf(node.content) === hexOf(content);

/** Places that mutations with a meaning want to find; undefined where an earlier one destroyed them. */
export const place = {
  info: (draft: Draft): DerNode | undefined => draft.root.children[0],
  version: (draft: Draft): DerNode | undefined => draft.root.children[0]?.children[0],
  subject: (draft: Draft): DerNode | undefined => draft.root.children[0]?.children[1],
  spki: (draft: Draft): DerNode | undefined => draft.root.children[0]?.children[2],
  attributes: (draft: Draft): DerNode | undefined => draft.root.children[0]?.children[3],
  algorithm: (draft: Draft): DerNode | undefined => draft.root.children[1],
  /** The attribute's SET of values. */
  values: (draft: Draft): DerNode | undefined => place.attributes(draft)?.children[0]?.children[1],
  extensions: (draft: Draft): DerNode | undefined => place.values(draft)?.children[0],
  /** The SEQUENCE of GeneralNames. */
  names: (draft: Draft): DerNode | undefined => {
    const nodes = walk(draft.root);
    const san = nodes.find(({ children }) => contains(children[0], SAN));
    return san?.children.at(-1)?.children[0];
  },
};

const SAN = Uint8Array.of(0x55, 0x1d, 0x11);

/** Another key: its SubjectPublicKeyInfo and algorithm go with it. */
export function changeKey(draft: Draft, type: KeyType, hash?: HashName): void {
  const [info, algorithm] = draft.root.children;
  if (info?.children[2] === undefined || algorithm === undefined) return;
  const key = testKey(type);
  info.children[2] = nodeOf(key.spki);
  draft.root.children[1] = nodeOf(signatureAlgorithm(key, hash ?? key.hash));
  draft.key = key;
  draft.hash = hash;
}
