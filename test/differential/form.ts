import type { DecodedRequest } from '../../src/csr/decoded.ts';
import { attributeValue, extensionRequest, generalName, OID, subjectAltName, toPEM } from '../support/csr.ts';
import { bytes, concat, explicit, integer, sequence, set, TAG, type StringType } from '../support/der.ts';
import { encodeTree, readTree, type DerNode } from '../support/der-tree.ts';
import { ipOctets } from '../support/csr.ts';

/**
 * Writes the request anew from nothing but what the document shows, the key, the signature and the
 * don't-cares (string types, the order of RDNs and of kinds of names), and compares the bytes: the proof that
 * the decoder hides nothing, and that what it accepts has the kubelet's form. Empty if it does.
 */
export function kubeletForm(request: Uint8Array, decoded: DecodedRequest): string {
  const [, base64 = ''] = Buffer.from(request)
    .toString('latin1')
    .split(/-----[A-Z ]+-----/);
  const root = readTree(new Uint8Array(Buffer.from(base64, 'base64')));
  const [info, algorithm, signature] = root.children;
  if (info === undefined || algorithm === undefined || signature === undefined) return 'not three elements';
  const rewritten = sequence(rewriteInfo(info, decoded), rewriteAlgorithm(algorithm), wholeBits(signature));
  const text = Buffer.from(request).toString('latin1');
  return toPEM(rewritten) === text ? '' : `rewritten, it is ${Buffer.from(rewritten).toString('hex')}`;
}

function rewriteInfo(info: DerNode, decoded: DecodedRequest): Uint8Array {
  const [, subject, spki, attributes] = info.children;
  return sequence(
    integer(0),
    rewriteSubject(subject, decoded.subject),
    rewriteKey(spki),
    explicit(0, attributes?.children.length === 0 ? bytes() : rewriteNames(attributes, decoded.sans)),
  );
}

function rewriteSubject(node: DerNode | undefined, subject: DecodedRequest['subject']): Uint8Array {
  const values: Readonly<Record<string, string>> = {
    [Buffer.from([0x55, 4, 3]).toString('hex')]: subject.commonName,
    [Buffer.from([0x55, 4, 10]).toString('hex')]: subject.organization[0],
  };
  const rdns = (node?.children ?? []).map((rdn) => {
    const [type, value] = rdn.children[0]?.children ?? [];
    const name = Buffer.from(type?.content ?? []).toString('hex');
    const stringType: StringType = value?.identifier[0] === TAG.utf8String ? 'utf8String' : 'printableString';
    const dotted = name === '550403' ? OID.commonName : OID.organization;
    return set(attributeValue(dotted, values[name] ?? '', stringType));
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
  return extensionRequest(subjectAltName(...names, ...Object.values(left).flat()));
}

/** Algorithm with its one parameter, key bits; what they mean, the law compares with Go. */
function rewriteKey(spki: DerNode | undefined): Uint8Array {
  const [algorithm, key] = spki?.children ?? [];
  return sequence(
    sequence(...(algorithm?.children ?? []).slice(0, 2).map(encodeTree)),
    key === undefined ? bytes() : wholeBits(key),
  );
}

const rewriteAlgorithm = (algorithm: DerNode): Uint8Array =>
  sequence(...algorithm.children.slice(0, 2).map(encodeTree));

/** A BIT STRING of whole octets; inside, an ECDSA signature or an RSA key in as few octets as they need. */
function wholeBits(node: DerNode): Uint8Array {
  const inner = node.children.map((child) => sequence(...child.children.slice(0, 2).map(encodeTree)));
  const [, ...content] = node.content;
  return encodeTree({
    identifier: bytes(TAG.bitString),
    form: 'minimal',
    content: concat(bytes(0), Uint8Array.from(content), ...inner),
    children: [],
  });
}
