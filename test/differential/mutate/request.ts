import { OID, rdn } from '../../support/csr.ts';
import type { KeyType } from '../../support/csr-keys.ts';
import {
  bitString,
  bytes,
  concat,
  explicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
} from '../../support/der.ts';
import { encodeTree } from '../../support/der-tree.ts';
import { changeKey, nodeOf, place, type Draft } from './draft.ts';
import type { Random } from './random.ts';
import type { Mutation } from './tree.ts';
import {
  anyElement,
  anyName,
  attributeOf,
  extensionOf,
  OIDS,
  rdnOf,
  shownName,
  stringType,
  subjectOf,
  subjectText,
} from './vocabulary.ts';

/** A mutation of the children of one place, where that is still there. */
const at =
  (
    find: (draft: Draft) => ReturnType<typeof nodeOf> | undefined,
    change: (random: Random) => Uint8Array,
  ): Mutation =>
  (draft, random) => {
    const children = find(draft)?.children;
    children?.splice(
      random.chance(0.6) ? children.length : random.int(children.length + 1),
      0,
      nodeOf(change(random)),
    );
  };

const newSubject: Mutation = (draft, random) => {
  const info = place.info(draft);
  if (info?.children[1] !== undefined) info.children[1] = nodeOf(subjectOf(random));
};

const newNames: Mutation = (draft, random) => {
  const names = place.names(draft);
  if (names === undefined) return;
  names.children = Array.from({ length: random.int(random.chance(0.95) ? 6 : 80) }, () =>
    nodeOf(shownName(random)),
  );
};

const renameSubject: Mutation = (draft, random) => {
  const children = place.subject(draft)?.children ?? [];
  const type = random.pick([OID.commonName, OID.organization]);
  if (children.length === 0) return;
  children[random.int(children.length)] = nodeOf(rdn(type, subjectText(random), stringType(random)));
};

const KEYS: readonly KeyType[] = [
  'P-384',
  'Ed25519',
  'Ed25519',
  'RSA-2048',
  'RSA-1024',
  'P-224',
  'P-521',
  'RSA-3072',
];

const otherKey: Mutation = (draft, random) =>
  changeKey(
    draft,
    random.pick(KEYS),
    random.chance(0.2) ? random.pick(['sha1', 'sha256', 'sha384', 'sha512']) : undefined,
  );

const hash: Mutation = (draft, random) =>
  changeKey(draft, 'P-256', random.pick(['sha1', 'sha256', 'sha384', 'sha512']));

const parameters: Mutation = (draft, random) => {
  const algorithms = [place.algorithm(draft), place.spki(draft)?.children[0]];
  const children = random.pick(algorithms)?.children ?? [];
  const value = nodeOf(random.pick([nullValue(), oid(random.pick(OIDS)), sequence(), octetString(bytes(1))]));
  children.splice(1, random.int(2), ...(random.chance(0.8) ? [value] : []));
};

const version: Mutation = (draft, random) => {
  const info = place.info(draft);
  if (info?.children[0] === undefined) return;
  info.children[0] = nodeOf(
    integer(random.pick([1n, 2n, -1n, 2n ** 40n, 127n, BigInt(random.int(2 ** 31))])),
  );
};

/** Go shifts unused bits out of keys and signatures: value and reading part ways. */
const unusedBits: Mutation = (draft, random) => {
  const spki = place.spki(draft);
  const key = spki?.children[1];
  if (spki === undefined || key === undefined) return;
  const octets = concat(key.content, ...key.children.map(encodeTree)).slice(1);
  const shifted = octets.map((octet, i) => ((octet << 4) | ((octets[i + 1] ?? 0) >> 4)) & 0xff);
  spki.children[1] = nodeOf(random.chance(0.7) ? bitString(shifted, 4) : bitString(octets, random.int(8)));
};

const signatureOctets: Mutation = ({ signature }, random) => {
  const position = random.uint32();
  const flip = (octets: Uint8Array): Uint8Array =>
    octets.map((octet, i) => (i === position % octets.length ? octet ^ (1 << (position & 7)) : octet));
  signature.push(
    random.pick([
      flip,
      (octets: Uint8Array): Uint8Array => concat(octets, bytes(0)),
      (octets: Uint8Array): Uint8Array => octets.slice(1),
      (octets: Uint8Array): Uint8Array => octets.slice(0, -1),
      (): Uint8Array => bytes(),
    ]),
  );
};

const emptyAttributes: Mutation = (draft) => {
  const attributes = place.attributes(draft);
  if (attributes !== undefined) attributes.children = [];
};

/** With an eye to what the elements mean. */
export const requestMutations: Readonly<Record<string, Mutation>> = {
  addRDN: at(place.subject, rdnOf),
  addName: at(place.names, shownName),
  addOddName: at(place.names, anyName),
  addExtension: at(place.extensions, extensionOf),
  addAttribute: at(place.attributes, attributeOf),
  addValue: at(place.values, (random) => sequence(extensionOf(random))),
  addToInfo: at(place.info, anyElement),
  addAttributes: at(place.info, (random) => explicit(0, attributeOf(random))),
  addToRequest: at(({ root }) => root, anyElement),
  renameSubject,
  parameters,
  version,
  unusedBits,
  signatureOctets,
  emptyAttributes,
};

/** Those that mostly leave a good request: what is accepted has to be looked at too. */
export const harmlessMutations: Readonly<Record<string, Mutation>> = { newSubject, newNames, otherKey, hash };
