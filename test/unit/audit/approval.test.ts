import { describe, expect, test } from 'vitest';
import { decidedBy } from '../../../src/audit/approval.ts';
import { readRequest } from '../../../src/decide/request.ts';
import { asObject } from '../../../src/kube/objects.ts';
import { csrObject } from '../../support/csr-object.ts';

const message = 'allowed by csr/kubelet_serving/decision of policy revision r1 (rego-csr-approver 1.0.0)';
const ours = { type: 'Approved', status: 'True', reason: 'PolicyAllowed', message };
const at = '2026-11-22T06:00:02Z';

/** As the API server records it. */
const writer = (manager: string, type = 'Approved', time = at) => ({
  manager,
  operation: 'Update',
  subresource: 'approval',
  time,
  fieldsType: 'FieldsV1',
  fieldsV1: {
    'f:status': { 'f:conditions': { [`k:{"type":"${type}"}`]: { '.': {}, 'f:reason': {} } } },
  },
});

function decided(condition: object | undefined, managedFields: unknown) {
  const object = csrObject(condition === undefined ? {} : { conditions: [condition] });
  const whole = asObject({ ...object, metadata: { ...object.metadata, managedFields } });
  const request = readRequest(whole);
  if ('problem' in request) throw new Error(request.problem);
  return decidedBy(request, whole);
}

const us = [writer('rego-csr-approver')];

test('this program, with the revision of its policy, at the time that the API server recorded', () => {
  const later = { ...ours, lastUpdateTime: '2026-11-22T07:00:00Z' };
  expect(decided(later, us)).toEqual({
    type: 'Approved',
    reason: 'PolicyAllowed',
    message,
    managers: ['rego-csr-approver'],
    at: new Date(at),
    revision: 'r1',
    by: 'this program',
  });
});

describe('not this program', () => {
  test.each<[string, object, unknown, string]>([
    ['another reason', { ...ours, reason: 'KubectlApprove' }, us, 'another'],
    ['a person', { ...ours, reason: 'KubectlApprove', message: 'x' }, [writer('kubectl')], 'another'],
    ['our reason with other words', { ...ours, message: 'allowed by me' }, us, 'forged'],
    ['our words by another client', ours, [writer('kubectl')], 'forged'],
    ['our words by another client as well', ours, [...us, writer('kubectl')], 'forged'],
    ['a client whose name begins with ours', ours, [writer('rego-csr-approver-2')], 'forged'],
    ['our words, and nobody recorded', ours, undefined, 'unclear'],
    ['our words, and a record that says nothing', ours, [{ manager: 'rego-csr-approver' }], 'unclear'],
    ['our record, of another condition', ours, [writer('rego-csr-approver', 'Other')], 'unclear'],
    ['a record of another shape', ours, [{ fieldsV1: { 'f:status': [] } }, null, 1], 'unclear'],
  ])('%s', (_, condition, managedFields, by) => {
    expect(decided(condition, managedFields)?.by).toBe(by);
  });
});

test('a denial of ours', () => {
  const denied = { type: 'Denied', status: 'True', reason: 'PolicyDenied', message: 'NameReserved: …' };
  expect(decided(denied, [writer('rego-csr-approver', 'Denied')])).toMatchObject({
    type: 'Denied',
    by: 'this program',
    revision: undefined,
  });
});

test.each<[string, unknown, Date | undefined]>([
  ['by its own word where the API server has none', at, new Date(at)],
  ['unknown where that is no time', 'yesterday', undefined],
  ['unknown where that is missing', undefined, undefined],
])('when: %s', (_, lastUpdateTime, expected) => {
  expect(decided({ ...ours, lastUpdateTime }, undefined)?.at).toEqual(expected);
});

test('when: the last writer', () => {
  const writers = [writer('rego-csr-approver', 'Approved', '2026-11-22T06:00:09Z'), ...us];
  expect(decided(ours, writers)?.at).toEqual(new Date('2026-11-22T06:00:09Z'));
});

test.each([[undefined], [{ type: 'Failed', status: 'True' }], [{ type: 'Other', status: 'True' }]])(
  'nobody: %o',
  (condition) => {
    expect(decided(condition, us)).toBeUndefined();
  },
);
