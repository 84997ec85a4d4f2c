import type { DecodedRequest } from '../../src/csr/decoded.ts';
import { extensionRequest, generalName, ipOctets, OID, rdn, subjectAltName, toPEM } from '../support/csr.ts';
import {
  bitString,
  bytes,
  concat,
  explicit,
  integer,
  nullValue,
  oid,
  sequence,
  TAG,
  type StringType,
} from '../support/der.ts';
import { encodeTree, readTree, type DerNode } from '../support/der-tree.ts';
import { unarmoured } from './armour.ts';

/**
 * Writes the request anew from nothing but what the document shows, the key, the signature and the
 * don't-cares (string types, the order of RDNs and of kinds of names), and compares the bytes: the proof that
 * the decoder hides nothing, and that what it accepts has the kubelet's form. Empty if it does.
 */
export function kubeletForm(request: Uint8Array, decoded: DecodedRequest): string {
  const root = readTree(unarmoured(request) ?? bytes());
  const [info, , signature] = root.children;
  if (info === undefined || signature === undefined) return 'not three elements';
  const rewritten = sequence(
    rewriteInfo(info, decoded),
    ALGORITHMS[decoded.signatureAlgorithm] ?? bytes(),
    wholeBits(signature),
  );
  const text = Buffer.from(request).toString('latin1');
  return toPEM(rewritten) === text ? '' : `rewritten, it is ${Buffer.from(rewritten).toString('hex')}`;
}

function rewriteInfo(info: DerNode, decoded: DecodedRequest): Uint8Array {
  const [, subject, spki, attributes] = info.children;
  return sequence(
    integer(0),
    rewriteSubject(subject, decoded.subject),
    rewriteKey(spki, decoded.key),
    explicit(0, attributes?.children.length === 0 ? bytes() : rewriteNames(attributes, decoded.sans)),
  );
}

function rewriteSubject(node: DerNode | undefined, subject: DecodedRequest['subject']): Uint8Array {
  const rdns = (node?.children ?? []).map((sent) => {
    const [type, value] = sent.children[0]?.children ?? [];
    const isCN = Buffer.from(type?.content ?? []).toString('hex') === '550403';
    const stringType: StringType = value?.identifier[0] === TAG.utf8String ? 'utf8String' : 'printableString';
    return isCN
      ? rdn(OID.commonName, subject.commonName, stringType)
      : rdn(OID.organization, subject.organization[0], stringType);
  });
  // A document of two values stands for a subject of two, whatever was sent.
  return sequence(...rdns.slice(0, 2));
}

/** The names in the document, kind by kind in the order in which the kinds were sent. */
function rewriteNames(attributes: DerNode | undefined, sans: DecodedRequest['sans']): Uint8Array {
  const sent = attributes?.children[0]?.children[1]?.children[0]?.children[0]?.children[1]?.children[0];
  const left = {
    0x81: sans.email.map(generalName.email),
    0x82: sans.dns.map(generalName.dns),
    0x86: sans.uri.map(generalName.uri),
    0x87: sans.ip.map((text) => generalName.ip(ipOctets(text))),
  } as Record<number, Uint8Array[]>;
  const names = (sent?.children ?? []).map((name) => left[name.identifier[0] ?? 0]?.shift() ?? bytes());
  // GeneralNames (RFC 5280 §4.2.1.6): at least one.
  if (names.length === 0) return bytes();
  return extensionRequest(subjectAltName(...names, ...Object.values(left).flat()));
}

/** Algorithm and key bits of the key that the document shows. */
function rewriteKey(spki: DerNode | undefined, { algorithm, curve }: DecodedRequest['key']): Uint8Array {
  const key = spki?.children[1];
  return sequence(
    ALGORITHMS[curve === '' ? algorithm : curve] ?? bytes(),
    key === undefined ? bytes() : wholeBits(key),
  );
}

const ecdsa = (curve: string): Uint8Array => sequence(oid('1.2.840.10045.2.1'), oid(curve));
const rsaWith = (hash: number): Uint8Array => sequence(oid(`1.2.840.113549.1.1.${hash}`), nullValue());
const ecdsaWith = (hash: number): Uint8Array => sequence(oid(`1.2.840.10045.4.3.${hash}`));

/** The one AlgorithmIdentifier for each word of the document (RFC 3279, 4055, 5480, 5758, 8410). */
const ALGORITHMS: Readonly<Record<string, Uint8Array>> = {
  'P-256': ecdsa('1.2.840.10045.3.1.7'),
  'P-384': ecdsa('1.3.132.0.34'),
  'P-521': ecdsa('1.3.132.0.35'),
  RSA: rsaWith(1),
  Ed25519: sequence(oid('1.3.101.112')),
  'ECDSA-SHA256': ecdsaWith(2),
  'ECDSA-SHA384': ecdsaWith(3),
  'ECDSA-SHA512': ecdsaWith(4),
  'RSA-SHA256': rsaWith(11),
  'RSA-SHA384': rsaWith(12),
  'RSA-SHA512': rsaWith(13),
};

/** A BIT STRING of whole octets; inside, an ECDSA signature or an RSA key is a SEQUENCE of two numbers. */
function wholeBits(node: DerNode): Uint8Array {
  const inner = node.children.map((child) => sequence(...child.children.slice(0, 2).map(encodeTree)));
  return bitString(concat(node.content.slice(1), ...inner));
}
