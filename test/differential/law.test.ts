import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecodedRequest } from '../../src/csr/decoded.ts';
import type { RefusalCode } from '../../src/csr/refusals.ts';
import type { OracleAnswer } from '../oracle/answer.ts';
import { Oracle } from '../oracle/oracle.ts';
import { buildCSR } from '../support/csr.ts';
import { unarmoured } from './armour.ts';
import { breaches } from './law.ts';
import { readRequest } from './reading.ts';
import { traps } from './traps.ts';

let oracle: Oracle;
let answers: OracleAnswer[];
beforeAll(async () => {
  oracle = await Oracle.start();
  answers = await oracle.askAll(traps.map(({ request }) => request));
});
afterAll(() => oracle.close());

/** Refused because of what they say, not of how they say it: two parsers would agree on them. */
const ONE_READING: readonly RefusalCode[] = [
  'KeySizeNotAllowed',
  'KeyCurveNotAllowed',
  'KeyPointInvalid',
  'SANsTooMany',
  'SANTextEmpty',
  'SANTextInvalid',
  'SANURINotCanonical',
  'SignatureAlgorithmNotAllowed',
  'SubjectValueEmpty',
  'SubjectValueInvalid',
  'SubjectValueTooLong',
];

describe('the law has teeth', () => {
  it('for a decoder that accepts what Go accepts, and shows all that Go shows', () => {
    const missed = traps.flatMap(({ name, codes, request }, i) => {
      const answer = answers[i];
      const decoded = answer && carelessly(request, answer);
      if (decoded === undefined || answer === undefined || codes.every((code) => ONE_READING.includes(code)))
        return [];
      return breaches(request, { accepted: true, decoded }, answer).length > 0 ? [] : [name];
    });
    // Go reads this one as we would; it is other parsers that write it as an IPv4 address.
    expect(missed).toEqual(['name-ip-compatible']);
  });

  it('for a decoder that accepts what Go refuses', () => {
    const { pem } = buildCSR();
    const reading = readRequest(pem);
    expect(breaches(pem, reading, { error: 'no' })).toEqual(['Go refuses it: no']);
  });

  it('for a decoder that was stopped by accident only', () => {
    const { pem } = buildCSR();
    const stopped = { accepted: false, code: 'ParsersDisagree', cause: undefined } as const;
    expect(breaches(pem, stopped, { error: 'no' })).toHaveLength(1);
  });

  it.each<[string, (decoded: DecodedRequest) => DecodedRequest]>([
    ['CN', (d) => ({ ...d, subject: { ...d.subject, commonName: 'system:node:n2' } })],
    ['O', (d) => ({ ...d, subject: { ...d.subject, organization: ['system:masters'] } })],
    ['DNS', (d) => ({ ...d, sans: { ...d.sans, dns: [] } })],
    ['IP', (d) => ({ ...d, sans: { ...d.sans, ip: ['10.0.0.2'] } })],
    ['email', (d) => ({ ...d, sans: { ...d.sans, email: ['a@b'] } })],
    ['URI', (d) => ({ ...d, sans: { ...d.sans, uri: ['a:b'] } })],
    ['key', (d) => ({ ...d, key: { ...d.key, bits: 384 } })],
    ['signature algorithm', (d) => ({ ...d, signatureAlgorithm: 'ECDSA-SHA384' })],
    ['fingerprint', (d) => ({ ...d, fingerprint: 'sha256:00' })],
  ])('for a decoder that reads another %s', async (_, change) => {
    const { pem } = buildCSR();
    const reading = readRequest(pem);
    if (!reading.accepted) throw new TypeError(reading.code);
    const answer = await oracle.ask(pem);
    expect(breaches(pem, reading, answer)).toEqual([]);
    expect(breaches(pem, { accepted: true, decoded: change(reading.decoded) }, answer)).not.toEqual([]);
  });

  it('for a floor that accepts what the signer does not sign', async () => {
    const { pem } = buildCSR({ email: ['a@b.example'] });
    const answer = await oracle.ask(pem);
    expect(breaches(pem, readRequest(pem), answer, () => false)).toEqual([]);
    expect(breaches(pem, readRequest(pem), answer, () => true)).toHaveLength(2);
  });
});

/** The document of a decoder that refuses nothing; undefined where Go does. */
function carelessly(request: Uint8Array, answer: OracleAnswer): DecodedRequest | undefined {
  if (answer.error !== undefined || answer.signature !== '') return undefined;
  const { key, dns, email, uri } = answer;
  const [hash = '', algorithm] = answer.signatureAlgorithm.split('-');
  const digest = createHash('sha256').update(unarmoured(request) ?? new Uint8Array());
  return {
    subject: { commonName: textOf(answer.commonName), organization: [textOf(answer.organization[0] ?? '')] },
    sans: {
      dns: dns.map(textOf),
      ip: answer.ip.map(({ text }) => text),
      email: email.map(textOf),
      uri: uri.map(textOf),
    },
    // A careless decoder does not know of other algorithms either.
    key: { algorithm: algorithmOf(key.algorithm), curve: key.curve, bits: key.bits },
    signatureAlgorithm: algorithm === 'RSA' ? `RSA-${hash}` : answer.signatureAlgorithm,
    fingerprint: `sha256:${digest.digest('hex')}`,
  };
}

const textOf = (text: string | { readonly hex: string }): string =>
  typeof text === 'string' ? text : text.hex;

const algorithmOf = (name: string): DecodedRequest['key']['algorithm'] =>
  name === 'RSA' || name === 'Ed25519' ? name : 'ECDSA';
