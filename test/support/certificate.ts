import {
  extension,
  generalName,
  kubeletSubject,
  OID,
  rdn,
  signatureAlgorithm,
  subjectAltName,
} from './csr.ts';
import { type KeyType, type TestKey, testKey } from './csr-keys.ts';
import { bitString, bytes, explicit, integer, oid, sequence, string, tlv } from './der.ts';

/** Everything may be replaced; what is left out is as Kubernetes' signer answers the request of `csrObject()`. */
export interface CertificateSpec {
  readonly node?: string;
  readonly key?: KeyType | TestKey;
  readonly subject?: readonly Uint8Array[];
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly keyUsage?: Uint8Array;
  readonly extendedKeyUsage?: readonly string[];
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly serial?: number;
  /** Extension elements beside those. */
  readonly extensions?: readonly Uint8Array[];
}

const UTC_TIME = 0x17;
const time = (text: string): Uint8Array =>
  tlv(UTC_TIME, Buffer.from(`${text.slice(2, 19).replaceAll(/[-:T]/g, '')}Z`));

export const serverAuth = '1.3.6.1.5.5.7.3.1';
export const clientAuth = '1.3.6.1.5.5.7.3.2';

/** Digital signature alone. */
const digitalSignature = bitString(bytes(0x80), 7);

/** A certificate in DER, signed by a CA of its own. */
export function buildCertificate(spec: CertificateSpec = {}): Buffer {
  const { node = 'n1', extendedKeyUsage = [serverAuth], extensions = [] } = spec;
  const key = typeof spec.key === 'object' ? spec.key : testKey(spec.key ?? 'P-256');
  const ca = testKey('P-384');
  const algorithm = signatureAlgorithm(ca);
  const names = [
    ...(spec.dns ?? [node]).map(generalName.dns),
    ...(spec.ip ?? ['10.0.0.1']).map(generalName.ip),
  ];
  const given = [
    extension(OID.keyUsage, spec.keyUsage ?? digitalSignature, true),
    ...(extendedKeyUsage.length > 0
      ? [extension(OID.extendedKeyUsage, sequence(...extendedKeyUsage.map(oid)))]
      : []),
    ...(names.length > 0 ? [subjectAltName(...names)] : []),
    ...extensions,
  ];
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(spec.serial ?? 4711),
    algorithm,
    sequence(rdn(OID.commonName, string('utf8String', 'kubernetes'))),
    sequence(time(spec.notBefore ?? '2026-11-22T05:55:00'), time(spec.notAfter ?? '2027-11-22T05:55:00')),
    sequence(...(spec.subject ?? kubeletSubject(node))),
    key.spki,
    explicit(3, sequence(...given)),
  );
  return Buffer.from(sequence(tbs, algorithm, bitString(ca.sign(tbs))));
}

export function toCertificatePEM(der: Uint8Array): Buffer {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return Buffer.from(`-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`);
}
