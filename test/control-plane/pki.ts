/** The certificate authority of one control plane, made in this process. */
import 'reflect-metadata';
import { createPublicKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type Extension,
  type JsonName,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hour = 3_600_000;

export type Validity = { readonly notBefore: Date; readonly notAfter: Date };
export type KeyAndCertificate = { readonly certificate: string; readonly key: string };

type LeafOptions = {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly names?: readonly string[];
  readonly usage: 'server' | 'client';
  readonly validity?: Validity | undefined;
};

export class Pki {
  readonly certificate: string;
  readonly key: string;
  readonly #signingKey: webcrypto.CryptoKey;
  readonly #subject: JsonName;

  private constructor(ca: KeyAndCertificate, signingKey: webcrypto.CryptoKey, subject: JsonName) {
    this.certificate = ca.certificate;
    this.key = ca.key;
    this.#signingKey = signingKey;
    this.#subject = subject;
  }

  static async create(): Promise<Pki> {
    const keys = await generateKeys();
    const name: JsonName = [{ CN: ['kubernetes'] }];
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name,
      keys,
      signingAlgorithm: algorithm,
      ...validityOf(undefined),
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
      ],
    });
    return new Pki({ certificate: certificate.toString('pem'), key: pemOf(keys) }, keys.privateKey, name);
  }

  async issue(options: LeafOptions): Promise<KeyAndCertificate> {
    const keys = await generateKeys();
    const names = (options.names ?? []).map(
      (value) => ({ type: isIP(value) ? 'ip' : 'dns', value }) as const,
    );
    const usage = options.usage === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
    const extensions: Extension[] = [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([usage]),
    ];
    if (names.length > 0) extensions.push(new SubjectAlternativeNameExtension(names));
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      issuer: this.#subject,
      subject: [...(options.organizations ?? []).map((O) => ({ O: [O] })), { CN: [options.commonName] }],
      publicKey: keys.publicKey,
      signingKey: this.#signingKey,
      signingAlgorithm: algorithm,
      ...validityOf(options.validity),
      extensions,
    });
    return { certificate: certificate.toString('pem'), key: pemOf(keys) };
  }
}

/** A key pair for service account tokens. */
export async function createKeyPair(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const privateKey = pemOf(await generateKeys());
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  return { privateKey, publicKey };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function pemOf(keys: webcrypto.CryptoKeyPair): string {
  return KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Positive and never zero (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

function validityOf(validity: Validity | undefined): Validity {
  return (
    validity ?? { notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + 24 * 365 * hour) }
  );
}
