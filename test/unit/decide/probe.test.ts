import { expect, test } from 'vitest';
import { inputSchema } from '../../../src/decide/input.ts';
import { probeFor } from '../../../src/decide/probe.ts';
import { noFacts } from '../../../src/policy/needs.ts';

const review = { group: '', resource: 'x', subresource: '', verb: 'get', name: '', namespace: '' };
const query = { group: '', version: 'v1', resource: 'x', namespace: '', name: 'x', labels: {}, match: {} };

test.each(['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'])(
  'a self-test document is a whole input document: %s',
  (signer) => {
    const document = probeFor(signer, noFacts);
    expect(inputSchema.parse(document)).toEqual(document);
    expect(document.signer_name).toBe(signer);
  },
);

test('it answers every review and lookup that is asked for, and no others', () => {
  const needs = { ...noFacts, sar: { mine: review }, lookups: { machine: query } };
  const { sar, lookups } = probeFor('kubernetes.io/kubelet-serving', needs);
  expect(sar).toEqual({ mine: { allowed: true, denied: false, reason: 'self-test' } });
  expect(lookups).toEqual({ machine: { found: false, objects: [], more: false } });
});

test('there is none for a signer that is not known', () => {
  expect(() => probeFor('example.com/x', noFacts)).toThrow(/example\.com\/x/);
});
