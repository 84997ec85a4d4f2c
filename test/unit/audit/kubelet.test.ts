import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Handshake } from '../../../src/audit/handshake.ts';
import { IssuedCertificates } from '../../../src/audit/issued.ts';
import { readCertificate } from '../../../src/audit/certificate.ts';
import { auditKubelet } from '../../../src/audit/kubelet.ts';
import { kubeletOf } from '../../../src/audit/node-kubelet.ts';
import { buildCertificate, type CertificateSpec } from '../../support/certificate.ts';
import { kubeletSubject } from '../../support/csr.ts';
import { allows, gathers, limits, policiesThat, request, type Says } from '../decide/stubs.ts';

const internal = (address: string) => ({ type: 'InternalIP', address });
const own = [internal('10.0.0.1')];

const node = (addresses: readonly object[] = own, port: unknown = 10_250, name = 'n1') =>
  kubeletOf({
    metadata: { name, uid: 'u', resourceVersion: '1' },
    status: { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } },
  });

const shows = (spec: CertificateSpec = {}, problem?: string): Handshake => ({
  kind: 'shown',
  certificate: new X509Certificate(buildCertificate(spec)),
  problem,
});

interface Given {
  readonly answer?: Handshake;
  readonly says?: Says;
  readonly now?: string;
  readonly issued?: IssuedCertificates;
}

/** A month after the certificate was issued. */
const soon = '2026-12-22T06:00:00Z';

async function look(object = node(), given: Given = {}) {
  const { answer = shows(), says = {}, now = soon, issued = new IssuedCertificates() } = given;
  const asked: string[] = [];
  const policies = policiesThat(says);
  const audited = await auditKubelet(object, {
    gather: gathers(),
    policies,
    limits,
    now: new Date(now),
    explain: false,
    issued: (name) => issued.of(name),
    shakeHands: ({ address, port }) => {
      asked.push(`${address} ${String(port)}`);
      return Promise.resolve(answer);
    },
  });
  return { audited, asked, codes: audited.findings.map(({ code }) => code), judged: policies.asked };
}

test('a kubelet in order, and the document that was made of its certificate', async () => {
  const { audited, asked, judged } = await look();
  expect(asked).toEqual(['10.0.0.1 10250']);
  expect(audited).toMatchObject({
    at: '10.0.0.1:10250',
    findings: [],
    judgement: { kind: 'approve', aged: 'as new' },
    assumed: ['requestor', 'created_at', 'expiration_seconds', 'signature_algorithm'],
  });
  expect(judged[0]?.input).toMatchObject({
    created_at: soon,
    age_seconds: 0,
    usages: ['digital signature', 'server auth'],
    requestor: {
      username: 'system:node:n1',
      groups: ['system:authenticated', 'system:nodes'],
      extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^X509SHA256=0{64}$/)] },
    },
    subject: { common_name: 'system:node:n1', organization: ['system:nodes'] },
    sans: { dns: ['n1'], ip: ['10.0.0.1'] },
  });
});

describe('one thing is not in order', () => {
  const denies: Says = { policy: { ...allows, deny: ['no'] } };
  const waits: Says = { policy: { ...allows, wait: ['not yet'] } };
  test.each<[string, Given, string[]]>([
    ['it has no certificate', { answer: { kind: 'refused' } }, ['ServingCertificateMissing']],
    ['it does not answer', { answer: { kind: 'unreachable', reason: 'ETIMEDOUT' } }, ['KubeletUnreachable']],
    ['it signs itself', { answer: shows({}, 'SELF_SIGNED_CERT_IN_CHAIN') }, ['ServingCertificateSelfSigned']],
    [
      'it alone signs itself',
      { answer: shows({}, 'DEPTH_ZERO_SELF_SIGNED_CERT') },
      ['ServingCertificateSelfSigned'],
    ],
    [
      'somebody else signed',
      { answer: shows({}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE') },
      ['ServingCertificateUntrusted'],
    ],
    ['it is for clients', { answer: shows({}, 'INVALID_PURPOSE') }, ['ServingCertificateUntrusted']],
    ['it has expired', { now: '2027-11-22T05:55:01Z' }, ['ServingCertificateExpired']],
    [
      'it has expired by our clock as well',
      { answer: shows({}, 'CERT_HAS_EXPIRED'), now: '2027-11-22T05:55:01Z' },
      ['ServingCertificateExpired'],
    ],
    ['the CA has expired', { answer: shows({}, 'CERT_HAS_EXPIRED') }, ['ServingCertificateUntrusted']],
    ['it is not valid yet', { now: '2026-11-22T05:54:59Z' }, ['ServingCertificateExpired']],
    ['it should have been replaced', { now: '2027-10-20T00:00:00Z' }, ['ServingCertificateRotationOverdue']],
    [
      'it is somebody else',
      { answer: shows({ node: 'n2', subject: kubeletSubject('n2') }) },
      ['ServingCertificateOfAnother'],
    ],
    [
      'it is for another address',
      { answer: shows({ ip: ['10.0.0.2'] }) },
      ['ServingCertificateLacksAddress'],
    ],
    ['it has no reading', { answer: shows({ ip: ['::ffff:10.0.0.1'] }) }, ['CertificateUnreadable']],
    ['the policy denies it', { says: denies }, ['ServedNowDenied']],
    ['the policy would wait', { says: waits }, ['ServedNowNotAllowed']],
    ['the policy fails', { says: { policy: 1 } }, ['NotJudged']],
  ])('%s', async (_, given, expected) => {
    expect((await look(node(), given)).codes).toEqual(expected);
  });
});

describe('who is not asked', () => {
  test.each<[string, ReturnType<typeof node>, string]>([
    ['no addresses', node([]), 'KubeletAddressMissing'],
    ['no internal address', node([{ type: 'ExternalIP', address: '10.0.0.1' }]), 'KubeletAddressMissing'],
    ['an address that is none', node([internal('n1.example.com')]), 'KubeletAddressMissing'],
    ['no port', node(own, 0), 'KubeletAddressMissing'],
    ['a port that is none', node(own, '10250'), 'KubeletAddressMissing'],
    [
      'no kubelet at all',
      kubeletOf({ metadata: { name: 'n1', uid: 'u', resourceVersion: '1' } }),
      'KubeletAddressMissing',
    ],
    ['loopback', node([internal('127.0.0.1')]), 'KubeletAddressRefused'],
    ['loopback in disguise', node([internal('::ffff:127.0.0.1')]), 'KubeletAddressRefused'],
    ['metadata', node([internal('169.254.169.254')]), 'KubeletAddressRefused'],
    ['ssh', node(own, 22), 'KubeletAddressRefused'],
  ])('%s', async (_, object, code) => {
    const { asked, codes, audited } = await look(object);
    expect([asked, codes, audited.at]).toEqual([[], [code], undefined]);
  });

  test('an IPv6 address is shown as one', async () => {
    const { audited } = await look(node([internal('FD00:0::1')]), { answer: shows({ ip: ['fd00::1'] }) });
    expect([audited.at, audited.findings]).toEqual(['[fd00::1]:10250', []]);
  });
});

function issuedTo(name: string, ...specs: readonly (CertificateSpec & { made?: string })[]) {
  const issued = new IssuedCertificates();
  specs.forEach(({ made = '2026-12-22T05:00:00Z', ...spec }, i) => {
    const certificate = readCertificate(buildCertificate(spec), 64);
    const one = request({ name: `csr-${String(i)}`, username: name, creationTimestamp: made });
    if (certificate !== undefined) issued.add(one, certificate);
  });
  return issued;
}
describe('beside what was issued', () => {
  const newer = { notBefore: '2026-12-22T04:55:00', serial: 2 };

  test('it is named for which request', async () => {
    const { audited, codes } = await look(node(), { issued: issuedTo('system:node:n1', {}) });
    expect([audited.request, codes]).toEqual(['csr-0', []]);
  });

  test.each<[string, IssuedCertificates, string[]]>([
    ['a newer one', issuedTo('system:node:n1', {}, newer), ['IssuedNotServed']],
    [
      'a newer one, of this minute',
      issuedTo('system:node:n1', {}, { ...newer, made: '2026-12-22T05:59:30Z' }),
      [],
    ],
    ['a newer one, of another node', issuedTo('system:node:n2', newer), []],
    ['a newer one, of no node', issuedTo('somebody', newer), []],
    ['an older one', issuedTo('system:node:n1', { notBefore: '2026-11-21T00:00:00', serial: 3 }), []],
  ])('%s', async (_, issued, expected) => {
    expect((await look(node(), { issued })).codes).toEqual(expected);
  });

  test('of a node that has very many the newest are kept', () => {
    const specs = Array.from({ length: 40 }, (_, i) => ({
      notBefore: `2026-11-22T05:${String(10 + i)}:00`,
      serial: i,
    }));
    const kept = issuedTo('system:node:n1', ...specs.toReversed()).of('n1');
    expect(kept).toHaveLength(16);
    expect(kept[0]?.notBefore).toBe(Date.parse('2026-11-22T05:49:00Z'));
  });
});
