import { isIPv4 } from 'node:net';
import { parseIP } from '../csr/ip.ts';
import type { RequestInput } from '../decide/input.ts';
import { bitString, element, objectIdentifier, octetString, sequence, set } from './der.ts';
import type { KeyRing } from './keys.ts';
import { keyProblem, signingAlgorithm } from './keys.ts';

const oid = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectAltName: '2.5.29.17',
} as const;

/** What of a request document ends up in the PKCS#10 request. */
export type RequestContent = Pick<RequestInput, 'subject' | 'sans' | 'key' | 'signature_algorithm'>;

/** Where a description says what no request can, and what that is. */
export interface Inexpressible {
  readonly path: readonly string[];
  readonly problem: string;
}

/** The first thing in a description that no request can say. */
export function inexpressible(content: RequestContent): Inexpressible | undefined {
  for (const ip of content.sans.ip) {
    const canonical = parseIP(ip);
    if (canonical === ip) continue;
    const hint = canonical === undefined ? 'is no IP address' : `is shown as ${canonical}`;
    return { path: ['sans', 'ip'], problem: `${JSON.stringify(ip)} ${hint}` };
  }
  const problem = keyProblem(content.key);
  if (problem !== undefined) return { path: ['key'], problem };
  if (signingAlgorithm(content.signature_algorithm, content.key) !== undefined) return undefined;
  const name = JSON.stringify(content.signature_algorithm);
  return { path: ['signature_algorithm'], problem: `${name} does not sign with such a key` };
}

/**
 * Makes and signs a PKCS#10 request (RFC 2986) as a kubelet would, for whatever names it is told: whether those may be
 * asked for is the decoder's and the rules' to say.
 * @param content one that is not `inexpressible`
 * @returns the PEM text
 */
export async function signRequest(content: RequestContent, keys: KeyRing): Promise<string> {
  const { key: description, signature_algorithm: algorithm } = content;
  const key = await keys.get(description);
  const signing = signingAlgorithm(algorithm, description);
  if (signing === undefined) throw new TypeError(`${algorithm} does not sign with such a key`);
  const version = element(0x02, Uint8Array.of(0));
  const info = sequence(version, subject(content.subject), key.spki, attributes(content.sans));
  const der = sequence(info, signing.identifier, bitString(key.sign(signing.hash, info)));
  const lines = Buffer.from(der)
    .toString('base64')
    .replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`;
}

/** Organizations, then the common name: the order of Go's pkix.Name. */
function subject({ organization, common_name: commonName }: RequestContent['subject']): Uint8Array {
  const values = [
    ...organization.map((value) => [oid.organization, value] as const),
    [oid.commonName, commonName] as const,
  ];
  return sequence(
    ...values.map(([type, value]) => set(sequence(objectIdentifier(type), directoryString(value)))),
  );
}

/** PrintableString where it can hold the text, as Go chooses, and UTF8String otherwise. */
function directoryString(text: string): Uint8Array {
  return element(/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text) ? 0x13 : 0x0c, utf8(text));
}

/** [0] with one extensionRequest of one subjectAltName; empty where no name is asked for. */
function attributes({ dns, ip, email, uri }: RequestContent['sans']): Uint8Array {
  // GeneralName (RFC 5280 §4.2.1.6). IA5String holds ASCII only; the decoder says so of anything else.
  const names = [
    ...dns.map((name) => element(0x82, utf8(name))),
    ...ip.map((address) => element(0x87, ipOctets(address))),
    ...email.map((name) => element(0x81, utf8(name))),
    ...uri.map((name) => element(0x86, utf8(name))),
  ];
  if (names.length === 0) return element(0xa0);
  const extension = sequence(objectIdentifier(oid.subjectAltName), octetString(sequence(...names)));
  return element(0xa0, sequence(objectIdentifier(oid.extensionRequest), set(sequence(extension))));
}

/** The 4 or 16 octets of an address in canonical text, which has no dotted part in IPv6. */
function ipOctets(text: string): Uint8Array {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  const [head = '', tail] = text.split('::');
  const front = head.split(':').filter(Boolean);
  const back = (tail ?? '').split(':').filter(Boolean);
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  const groups = [...front, ...zeros, ...back].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
