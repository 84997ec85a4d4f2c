/**
 * What decoding costs on one core: `node test/bench/decode.bench.ts`. Figures to read, not a test: the marks
 * are 1,500 typical requests a second, signature verification included, and 10 ms for the worst one.
 */
import { decodeRequest } from '../../src/csr/decode.ts';
import { defaultLimits, hardLimits } from '../../src/csr/limits.ts';
import { armour, unarmour } from '../../src/csr/pem.ts';
import { readRequest } from '../../src/csr/request.ts';
import { crossCheck } from '../../src/csr/second.ts';
import { checkSignature } from '../../src/csr/signature.ts';
import { buildCSR, type CSRSpec, OID, rdn } from '../support/csr.ts';
import type { KeyType } from '../support/csr-keys.ts';
import { latin1, sequence, tlv } from '../support/der.ts';
import { cost, print } from './measure.ts';

const outcome = (pem: Uint8Array, limits = hardLimits): string => {
  try {
    decodeRequest(pem, limits);
    return 'accepted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  }
};

/** Until the compiler has seen enough. */
function warmUp(): void {
  const { pem } = buildCSR();
  for (let i = 0; i < 3000; i += 1) decodeRequest(pem);
}

function typical(): void {
  print('typical request', 'ms', 'per second');
  const kinds: readonly KeyType[] = ['P-256', 'P-384', 'P-521', 'RSA-2048', 'RSA-4096', 'Ed25519'];
  for (const key of kinds) {
    const { pem } = buildCSR({ key, ip: ['10.0.0.1', 'fd00::1'] });
    const der = unarmour(pem);
    const read = readRequest(der, defaultLimits.maxSANs);
    const whole = cost(() => decodeRequest(pem));
    print(key, whole, (1000 / whole).toFixed(0));
    if (key !== 'P-256') continue;
    print(
      '  armour',
      cost(() => unarmour(pem)),
    );
    print(
      '  parse, key import included',
      cost(() => readRequest(der, defaultLimits.maxSANs)),
    );
    print(
      '  verify',
      cost(() => checkSignature(read.signed, read.algorithm, read.signature, read.key)),
    );
    print(
      '  second parser',
      cost(() => crossCheck(der, read)),
    );
  }
}

const names = (count: number, length = 2): string[] =>
  Array.from({ length: count }, (_, i) => `${i}`.padStart(length, 'n'));

/** The longest names that still fit into so many bytes of PEM. */
const filling = (bytes: number, count: number, key: KeyType): CSRSpec => {
  const room = Math.floor((bytes / 65) * 48) - buildCSR({ key, dns: [], ip: [] }).der.length - 100;
  return { key, ip: [], dns: names(count, Math.max(4, Math.floor(room / count) - 4)) };
};

function worst(): void {
  for (const [title, limits] of [
    ['default caps', defaultLimits],
    ['hard caps', hardLimits],
  ] as const) {
    print(`worst within the ${title}`, 'ms', 'bytes', 'outcome');
    const { maxRequestBytes, maxSANs } = limits;
    const addresses = Array.from({ length: maxSANs }, (_, i) => `fd00:${i.toString(16)}:1:2:3:4:5:6`);
    const noise = new Uint8Array(maxRequestBytes - 100).fill(0x30);
    const rows: readonly (readonly [string, Uint8Array])[] = [
      ['as many names, P-256', buildCSR({ dns: names(maxSANs), ip: [] }).pem],
      ['as many addresses, P-521', buildCSR({ key: 'P-521', dns: [], ip: addresses }).pem],
      ['as many long names, RSA 8192', buildCSR(filling(maxRequestBytes, maxSANs, 'RSA-8192')).pem],
      ['one long name, P-521', buildCSR(filling(maxRequestBytes, 1, 'P-521')).pem],
      ['a name more', buildCSR({ dns: names(maxSANs + 1), ip: [] }).pem],
      ['a long subject', buildCSR({ subject: [rdn(OID.commonName, 'n'.repeat(maxRequestBytes >> 1))] }).pem],
      ['nothing but dashes', new Uint8Array(maxRequestBytes).fill(0x2d)],
      ['nothing but sequences', latin1(armour(noise)).subarray(0, maxRequestBytes)],
      ['a byte more', new Uint8Array(maxRequestBytes + 1)],
    ];
    for (const [name, pem] of rows) {
      const time = cost(() => outcome(pem, limits));
      print(name, time, `${pem.length}`, outcome(pem, limits));
    }
  }
}

const nested = (depth: number): Uint8Array => {
  let inside: Uint8Array = new Uint8Array();
  for (let i = 0; i < depth; i += 1) inside = sequence(inside);
  return inside;
};

/** Each row doubles the one before: linear work at most doubles its time. */
function growth(): void {
  const rows: readonly (readonly [string, readonly number[], (size: number) => Uint8Array])[] = [
    ['names', [16, 32, 64, 128], (size) => buildCSR({ dns: names(size), ip: [] }).pem],
    ['bytes of a name', [5e3, 10e3, 20e3, 40e3], (size) => buildCSR({ dns: ['n'.repeat(size)] }).pem],
    ['bytes of a URI', [5e3, 10e3, 20e3, 40e3], (size) => buildCSR({ uri: [`a:${'n'.repeat(size)}`] }).pem],
    ['levels', [1e3, 2e3, 4e3, 8e3], (size) => buildCSR({ attributes: [nested(size)] }).pem],
    [
      'bytes of an OID',
      [5e3, 10e3, 20e3, 40e3],
      (size) => buildCSR({ subject: tlv(6, new Uint8Array(size)) }).pem,
    ],
    ['bytes without a block', [8e3, 16e3, 32e3, 64e3], (size) => new Uint8Array(size).fill(0x2d)],
  ];
  print('growth', 'smallest ms', 'doubled', 'again', 'again', 'outcome');
  for (const [name, sizes, make] of rows) {
    const requests = sizes.map(make);
    const costs = requests.map((pem) => cost(() => outcome(pem)));
    const factors = costs.slice(1).map((time, i) => `×${(time / (costs[i] ?? Number.NaN)).toFixed(2)}`);
    print(name, costs[0] ?? Number.NaN, ...factors, outcome(requests[0] ?? new Uint8Array()));
  }
}

warmUp();
typical();
console.log();
worst();
console.log();
growth();
