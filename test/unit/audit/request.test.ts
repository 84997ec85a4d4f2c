import { describe, expect, test } from 'vitest';
import { auditRequest } from '../../../src/audit/request.ts';
import type { Gather } from '../../../src/decide/facts.ts';
import { readRequest } from '../../../src/decide/request.ts';
import { asObject } from '../../../src/kube/objects.ts';
import {
  buildCertificate,
  type CertificateSpec,
  clientAuth,
  toCertificatePEM,
} from '../../support/certificate.ts';
import { csrObject, type CSRObjectSpec } from '../../support/csr-object.ts';
import { kubeletSubject, OID, rdn } from '../../support/csr.ts';
import { allows, gathers, limits, policiesThat, type Says } from '../decide/stubs.ts';

const created = '2026-11-22T06:00:00Z';
const message = 'allowed by csr/kubelet_serving/decision of policy revision r1 (rego-csr-approver 1.0.0)';
const ours = { type: 'Approved', status: 'True', reason: 'PolicyAllowed', message };
const person = { type: 'Approved', status: 'True', reason: 'KubectlApprove', message: 'by hand' };
const denied = { type: 'Denied', status: 'True', reason: 'KubectlDeny', message: 'by hand' };
const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: 'no kubelet' };
const reason = { code: 'X', msg: 'x' };
const denies: Says = { policy: { ...allows, deny: [reason] } };
const waits: Says = { policy: { ...allows, wait: [reason] } };

const gathersNothing: Gather = () =>
  Promise.resolve({ facts: {}, failures: [{ fact: 'node', message: 'gone' }] });

const certificate = (spec: CertificateSpec = {}) => toCertificatePEM(buildCertificate(spec));
const at = (seconds: number) => new Date(Date.parse(created) + seconds * 1000);

interface Given {
  readonly says?: Says;
  /** Seconds after the request was made. */
  readonly now?: number;
  readonly decidedAt?: string;
  readonly manager?: string;
  readonly gather?: Gather;
}

async function audited(spec: CSRObjectSpec, given: Given = {}) {
  const { says = {}, now = 10, decidedAt = '2026-11-22T06:00:02Z', manager = 'rego-csr-approver' } = given;
  const [condition] = spec.conditions ?? [];
  const type = condition !== undefined && 'type' in condition ? String(condition.type) : '';
  const fieldsV1 = { 'f:status': { 'f:conditions': { [`k:{"type":"${type}"}`]: {} } } };
  const object = csrObject(spec);
  const whole = asObject({
    ...object,
    metadata: { ...object.metadata, managedFields: [{ manager, time: decidedAt, fieldsV1 }] },
  });
  const request = readRequest(whole);
  if ('problem' in request) throw new Error(request.problem);
  const policies = policiesThat(says);
  const judging = { gather: given.gather ?? gathers(), policies, limits, now: at(now), explain: false };
  return { ...(await auditRequest(request, whole, judging)).audited, asked: policies.asked };
}

const codes = async (spec: CSRObjectSpec, given?: Given) =>
  (await audited(spec, given)).findings.map(({ code }) => code);

describe('a good request', () => {
  test('that was approved by this program and issued has nothing', async () => {
    const { findings, state, judgement } = await audited({ conditions: [ours], certificate: certificate() });
    expect([findings, state]).toEqual([[], 'issued']);
    expect(judgement).toEqual({
      kind: 'approve',
      reasons: [],
      warnings: [],
      revision: 'r1',
      aged: 'as decided',
    });
  });

  test('that is pending, for less than a minute, has nothing', async () => {
    expect(await codes({}, { now: 60 })).toEqual([]);
  });

  test.each<[string, CSRObjectSpec, Given, string[]]>([
    ['pending for longer', {}, { now: 61 }, ['PendingNowAllowed']],
    ['approved, not issued yet', { conditions: [ours] }, { now: 62 }, []],
    ['approved, not issued for longer', { conditions: [ours] }, { now: 63 }, ['NotIssued']],
    ['denied', { conditions: [denied] }, { now: 10 }, ['DeniedNowAllowed']],
    [
      'approved by a person',
      { conditions: [person], certificate: certificate() },
      { manager: 'kubectl' },
      ['ForeignApproval'],
    ],
    [
      'in our words by a person',
      { conditions: [ours], certificate: certificate() },
      { manager: 'kubectl' },
      ['ApprovalForged'],
    ],
    ['refused by the signer', { conditions: [ours, failed] }, { now: 100 }, ['SigningFailed']],
    ['issued without an approval', { certificate: certificate() }, {}, ['IssuedNotApproved']],
  ])('%s', async (_, spec, given, expected) => {
    expect(await codes(spec, given)).toEqual(expected);
  });
});

describe('a request that the policy would not approve', () => {
  test.each<[string, CSRObjectSpec, Says, string[]]>([
    [
      'approved, denied today',
      { conditions: [ours], certificate: certificate() },
      denies,
      ['ApprovedNowDenied'],
    ],
    [
      'approved, waits today',
      { conditions: [ours], certificate: certificate() },
      waits,
      ['ApprovedNowNotAllowed'],
    ],
    [
      'approved, left to people today',
      { conditions: [ours], certificate: certificate() },
      { policy: { ...allows, allow: false } },
      ['ApprovedNowNotAllowed'],
    ],
    [
      'approved, judged by a broken policy',
      { conditions: [ours], certificate: certificate() },
      { policy: 1 },
      ['NotJudged'],
    ],
    ['pending, denied', {}, denies, ['PendingNotAllowed']],
    ['pending, waits', {}, waits, ['PendingNotAllowed']],
    ['denied', { conditions: [denied] }, denies, []],
    ['failed', { conditions: [failed] }, denies, ['SigningFailed']],
  ])('%s', async (_, spec, says, expected) => {
    const { findings } = await audited(spec, { says });
    expect(findings.map(({ code }) => code)).toEqual(expected);
    if (says === denies && expected.length > 0 && expected[0] !== 'SigningFailed')
      expect(findings[0]?.message).toBe('X: x');
  });

  test('since it has no single reading', async () => {
    const request = { generalNames: [Uint8Array.of(0x88, 2, 0x2a, 3)] };
    const conditions = [ours];
    const { findings } = await audited({ conditions, request, certificate: certificate() });
    expect(findings).toEqual([
      { code: 'ApprovedNowDenied', message: expect.stringMatching(/^SANRegisteredID: /) },
    ]);
  });

  test('a fact that cannot be had is no verdict', async () => {
    const { findings } = await audited(
      { conditions: [ours], certificate: certificate() },
      { gather: gathersNothing },
    );
    expect(findings).toEqual([{ code: 'NotJudged', message: 'FactUnavailable: node: gone' }]);
  });
});

describe('how old it is judged to be', () => {
  const ages = async (spec: CSRObjectSpec, given: Given) => {
    const { judgement, asked } = await audited(spec, given);
    const input = asked.at(-1)?.input;
    return [judgement.aged, judgement.kind, input];
  };
  test.each<[string, CSRObjectSpec, Given, unknown[]]>([
    [
      'decided',
      { conditions: [ours] },
      { now: 50_000 },
      ['as decided', 'approve', 2, '2026-11-22T06:00:02Z'],
    ],
    [
      'decided too late',
      { conditions: [ours] },
      { now: 50_000, decidedAt: '2026-11-22T06:15:01Z' },
      ['as new', 'approve', 0, created],
    ],
    [
      'decided before it was made',
      { conditions: [ours] },
      { decidedAt: '2026-11-22T05:59:59Z' },
      ['as new', 'approve', 0, created],
    ],
    [
      'decided in the future',
      { conditions: [ours] },
      { decidedAt: '2026-11-22T06:00:11Z' },
      ['as new', 'approve', 0, created],
    ],
    ['decided at no time', { conditions: [ours] }, { decidedAt: '' }, ['as new', 'approve', 0, created]],
    ['issued by nobody', { certificate: certificate() }, {}, ['as new', 'approve', 0, created]],
    ['pending', {}, { now: 900 }, ['as now', 'approve', 900, '2026-11-22T06:15:00Z']],
    ['pending and too old', {}, { now: 901 }, ['as new', 'approve', 0, created]],
  ])('%s', async (_, spec, given, expected) => {
    const [aged, kind, age_seconds, now] = expected;
    const input = expect.objectContaining({ age_seconds, now, created_at: created });
    expect(await ages(spec, given)).toEqual([aged, kind, input]);
  });
});

describe('an issued certificate that differs from the request', () => {
  test.each<[string, CertificateSpec, string]>([
    ['another key', { key: 'P-384' }, 'it is for another key'],
    [
      'an address more',
      { ip: ['10.0.0.1', '10.0.0.2'] },
      'IP addresses: asked for were 10.0.0.1, issued were 10.0.0.1, 10.0.0.2',
    ],
    ['a name less', { dns: [] }, 'DNS names: asked for were n1, issued were none'],
    [
      'another node',
      { subject: kubeletSubject('n2') },
      'commonName: asked for were system:node:n1, issued were system:node:n2',
    ],
    [
      'another group',
      { subject: [rdn(OID.organization, 'system:masters'), rdn(OID.commonName, 'system:node:n1')] },
      'organization: asked for were system:nodes, issued were system:masters',
    ],
    [
      'another purpose',
      { extendedKeyUsage: [clientAuth] },
      'usages: asked for were digital signature, server auth, issued were client auth, digital signature',
    ],
  ])('%s', async (_, spec, difference) => {
    const { findings } = await audited({ conditions: [ours], certificate: certificate(spec) });
    expect(findings).toEqual([{ code: 'CertificateDiffers', message: difference }]);
  });

  test('the order of names is no difference', async () => {
    const request = { dns: ['n1', 'a'], ip: ['10.0.0.2', '10.0.0.1'] };
    const issued = certificate({ dns: ['a', 'n1'], ip: ['10.0.0.1', '10.0.0.2'] });
    expect(await codes({ conditions: [ours], request, certificate: issued })).toEqual([]);
  });

  test.each([
    ['no certificate', Buffer.from('nonsense')],
    ['one without a reading', certificate({ ip: ['::ffff:10.0.0.1'] })],
  ])('%s', async (_, issued) => {
    expect(await codes({ conditions: [ours], certificate: issued })).toEqual(['CertificateUnreadable']);
  });
});
