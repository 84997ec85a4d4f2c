import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import { ipOctets } from '../../support/csr.ts';

const openssl = (args: readonly string[], input = ''): string => {
  const { status, stdout, stderr } = spawnSync('openssl', args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  return stdout;
};

const EC = (curve: string) => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`];
const RSA = (bits: number) => ['-newkey', `rsa:${bits}`];

const shown = (list: string | undefined): string[] =>
  (list ?? '')
    .split(', ')
    .map((name) => name.trim())
    .toSorted();

/** openssl writes IPv6 in full groups. */
const openSSLAddress = (address: string): string =>
  address.includes(':')
    ? Array.from(new Uint16Array(ipOctets(address).buffer), (group) =>
        (((group & 0xff) << 8) | (group >> 8)).toString(16),
      )
        .join(':')
        .toUpperCase()
    : address;

/** Two readers that are not ours: openssl made the request, and openssl says what it says. */
describe('golden requests of openssl req', () => {
  test.each([
    ['P-256', EC('P-256'), 'DNS:n1,IP:10.0.0.1', 'sha256'],
    ['P-384', EC('P-384'), 'DNS:n1,DNS:n1.example.com,IP:10.0.0.1,IP:fd00::1', 'sha384'],
    ['P-521', EC('P-521'), 'IP:10.0.0.1', 'sha512'],
    ['RSA 2048', RSA(2048), 'DNS:n1', 'sha256'],
    ['RSA 3072', RSA(3072), 'IP:2001:db8::1:0:0:1,IP:203.0.113.1', 'sha512'],
    ['Ed25519', ['-newkey', 'ed25519'], 'DNS:n1,email:a@b.c,URI:spiffe://a/b', 'sha256'],
  ])('%s', (_name, newKey, names, hash) => {
    const request = openssl([
      'req',
      '-new',
      ...newKey,
      `-${hash}`,
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/O=system:nodes/CN=system:node:n1',
      '-addext',
      `subjectAltName=${names}`,
    ]);
    const decoded = decodeRequest(Buffer.from(request));
    const text = openssl(['req', '-text', '-noout', '-verify', '-nameopt', 'RFC2253'], request);

    expect(text).toContain(
      `Subject: CN=${decoded.subject.commonName},O=${decoded.subject.organization[0]}\n`,
    );
    const { dns, ip, email, uri } = decoded.sans;
    expect(shown(/Subject Alternative Name: *\n(.*)\n/.exec(text)?.[1])).toEqual(
      [
        ...dns.map((name) => `DNS:${name}`),
        ...ip.map((address) => `IP Address:${openSSLAddress(address)}`),
        ...email.map((address) => `email:${address}`),
        ...uri.map((address) => `URI:${address}`),
      ].toSorted(),
    );
    expect(text).toContain(
      decoded.key.algorithm === 'Ed25519' ? 'ED25519 Public-Key:' : `Public-Key: (${decoded.key.bits} bit)`,
    );
    if (decoded.key.curve !== '') expect(text).toContain(`NIST CURVE: ${decoded.key.curve}`);
    const algorithms: Record<string, string> = {
      ECDSA: `ecdsa-with-${hash.toUpperCase()}`,
      RSA: `${hash}WithRSAEncryption`,
      Ed25519: 'ED25519',
    };
    expect(text).toContain(`Signature Algorithm: ${algorithms[decoded.key.algorithm]}`);
  });
});
