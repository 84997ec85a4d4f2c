import { describe, expect, test } from 'vitest';
import { loadPolicies } from '../../../src/activation/load.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { refusals } from '../../../src/csr/refusals.ts';
import { explainDecision, ruleOf } from '../../../src/decide/explain.ts';
import { hostReasons } from '../../../src/decide/host-reasons.ts';
import { probeDocument } from '../../../src/decide/probe.ts';
import type { Reason, Verdict } from '../../../src/decide/verdict.ts';

const signerName = 'kubernetes.io/kubelet-serving';
const policies = await loadPolicies(loadConfig(undefined));
const explain = (kind: 'deny' | 'abstain', reason: Omit<Reason, 'msg'>, warnings: Reason[] = []) => {
  const verdict: Verdict = { kind, reasons: [{ msg: '', ...reason }], warnings };
  return explainDecision({ verdict, input: probeDocument, signerName, policies });
};

test('a reason of the policy has its rule, METADATA and the values it read', () => {
  expect(explain('deny', { code: 'CredentialIDMissing', source: 'policy', details: { seen: 1 } })).toEqual([
    {
      code: 'CredentialIDMissing',
      source: 'policy',
      rule: 'csr.kubelet_serving.deny',
      place: 'policies/default/csr/kubelet_serving/credential.rego:30',
      title: 'The requestor showed no client certificate',
      description: expect.stringContaining('Somebody impersonates the node') as string,
      remedy: expect.stringContaining('require_credential_id') as string,
      details: { seen: 1 },
      compared: { 'data.csr.kubelet_serving.config.require_credential_id': false },
      absent: ['input.requestor.extra["authentication.kubernetes.io/credential-id"]'],
    },
  ]);
});

test('floor and policy are told apart where both have the code', () => {
  const of = (source: 'floor' | 'policy') => explain('deny', { code: 'NameReserved', source })[0]?.rule;
  expect([of('floor'), of('policy')]).toEqual(['csr.floor.serving.deny', 'csr.kubelet_serving.deny']);
  expect(explain('deny', { code: 'NameReserved', source: 'floor' })[0]?.compared).toEqual({
    'input.sans.dns': ['self-test'],
  });
});

test('warnings follow the reasons', () => {
  const warning: Reason = { code: 'NoIPAddress', msg: '', source: 'policy' };
  const [, second] = explain('deny', { code: 'NameReserved', source: 'floor' }, [warning]);
  expect(second?.rule).toBe('csr.kubelet_serving.warn');
});

test('the decoder and the program explain by their tables', () => {
  const { meaning, clause, remedy } = refusals.PEMMissing;
  expect(explain('deny', { code: 'PEMMissing', source: 'decoder' })).toEqual([
    { code: 'PEMMissing', source: 'decoder', clause, title: meaning, description: '', remedy },
  ]);
  expect(explain('deny', { code: 'Finished', source: 'host' })[0]?.title).toBe(hostReasons.Finished.meaning);
});

test('where nothing was said, it is said where the requirements are', () => {
  const [told] = explain('abstain', { code: 'NotAllowed', source: 'policy' });
  expect(told?.title).toBe(hostReasons.NotAllowed.meaning);
  expect(told?.note).toContain('policies/default/csr/kubelet_serving/decision.rego:21');
  expect(told?.note).toContain('data.csr.kubelet_serving.allow');
});

test.each(['MadeUp', 'toString'])('a code without METADATA is said to be so: %s', (code) => {
  expect(explain('deny', { code, source: 'policy' })).toEqual([
    {
      code,
      source: 'policy',
      title: '',
      description: '',
      remedy: '',
      note: expect.stringContaining('METADATA') as string,
    },
  ]);
});

const word = (code: string, source: Reason['source']) =>
  ruleOf({ code, msg: '', source }, 'deny', { signerName, policies });

describe('the rule in a word', () => {
  test('is package, file and line', () => {
    expect(word('AddressReserved', 'floor')).toMatch(/^csr\.floor\.serving: addresses\.rego:\d+$/);
    expect(word('AddressReserved', 'policy')).toMatch(/^csr\.kubelet_serving: addresses\.rego:\d+$/);
  });

  test('is none where it is not Rego that gave it', () => {
    expect(word('PEMMissing', 'decoder')).toBeUndefined();
    expect(word('MadeUp', 'policy')).toBeUndefined();
  });

  test('is there for every code of the floor and of the default policy', () => {
    for (const [signer, { codes }] of policies.signers) {
      const without = [...codes.keys()].filter(
        (code) =>
          ruleOf({ code, msg: '', source: 'policy' }, undefined, { signerName: signer, policies }) ===
          undefined,
      );
      expect(without).toEqual(['NotAllowed']);
    }
  });
});
