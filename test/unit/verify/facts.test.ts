import { describe, expect, test } from 'vitest';
import { probeDocument } from '../../../src/decide/probe.ts';
import { noFacts, type FactNeeds, type LookupQuery } from '../../../src/policy/needs.ts';
import type { Json } from '../../../src/verify/changes.ts';
import { gatherFrom, gatherFromDocument } from '../../../src/verify/facts.ts';

const query: LookupQuery = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  namespace: 'default',
  name: 'a',
  labels: {},
  match: {},
};
const review = { group: '', resource: 'nodes', subresource: '', verb: 'get', name: '', namespace: '' };

const known: Json = {
  sar: { asked: { allowed: true }, other: { allowed: true } },
  node: { found: true },
  claims: [],
  cluster: {},
  lookups: { machine: { found: 'yes' }, other: {} },
  dns: [],
  pending: { requestor: 1 },
};
const ways = [
  ['a case', gatherFrom(() => known), gatherFrom(() => ({}))],
  ['a document', gatherFromDocument(known), gatherFromDocument({})],
] as const;

describe.each(ways)('of %s', (_, gather, gatherNothing) => {
  test.each<[string, Partial<FactNeeds>, Json]>([
    ['nothing', {}, {}],
    ['a whole fact', { dns: true }, { dns: [] }],
    ['one review', { sar: { asked: review } }, { sar: { asked: { allowed: true } } }],
    ['one lookup, of any shape', { lookups: { machine: query } }, { lookups: { machine: { found: 'yes' } } }],
  ])('the policy sees what it asks for: %s', async (_name, needs, facts) => {
    expect(await gather({ ...noFacts, ...needs }, probeDocument)).toEqual({ facts, failures: [] });
  });

  test.each<[Partial<FactNeeds>]>([[{ dns: true }], [{ pending: true }], [{ node: true }]])(
    'a whole fact that is not there is a failure: %o',
    async (needs) => {
      const { facts, failures } = await gatherNothing({ ...noFacts, ...needs }, probeDocument);
      expect(facts).toEqual({});
      expect(failures.map(({ fact }) => fact)).toEqual(Object.keys(needs));
    },
  );
});

test('a review that a case does not answer is a failure; a document shows all there is', async () => {
  const needs = { ...noFacts, sar: { asked: review, missing: review } };
  const facts = { sar: { asked: { allowed: true } } };
  const ofCase = await gatherFrom(() => known)(needs, probeDocument);
  expect(ofCase.facts).toEqual(facts);
  expect(ofCase.failures.map(({ fact }) => fact)).toEqual(['sar.missing']);
  expect(await gatherFromDocument(known)(needs, probeDocument)).toEqual({ facts, failures: [] });
});
