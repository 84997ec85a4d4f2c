import { beforeEach, describe, expect, test } from 'vitest';
import type { FactNeeds, Gather } from '../../../src/decide/facts.ts';
import type { Facts, RequestInput } from '../../../src/decide/input.ts';
import { probeDocument } from '../../../src/decide/probe.ts';
import { reusing } from '../../../src/decide/reuse.ts';
import { noFacts } from '../../../src/policy/needs.ts';

const { node, claims, cluster, dns, pending } = probeDocument;
const all = { node, claims, cluster, dns, pending };
const asksAll: FactNeeds = { ...noFacts, node: true, claims: true, cluster: true, dns: true, pending: true };
const review = (verb: string) => ({
  group: '',
  resource: 'nodes',
  subresource: '',
  verb,
  name: '',
  namespace: '',
});
const answer = (reason: string) => ({ allowed: true, denied: false, reason });
const query = (resource: string) => ({
  group: '',
  version: 'v1',
  resource,
  namespace: '',
  name: '',
  labels: {},
  match: {},
});
const found = (name: string) => ({ found: true, objects: [{ metadata: { name } }], more: false });
const request: RequestInput = probeDocument;

/** What was asked for anew. */
let asked: FactNeeds[];
const gatherThat =
  (facts: Facts, failures: { fact: string; message: string }[] = []): Gather =>
  async (needs) => {
    asked.push(needs);
    return { facts, failures };
  };
beforeEach(() => {
  asked = [];
});

test('nothing is asked for that the other decision had', async () => {
  const gather = reusing({ needs: asksAll, facts: all }, gatherThat({}));
  expect(await gather(asksAll, request)).toEqual({ facts: all, failures: [] });
  expect(asked).toEqual([]);
});

test('nothing is shown that is not asked for', async () => {
  const had = {
    needs: { ...asksAll, sar: { a: review('get') }, lookups: { m: query('machines') } },
    facts: { ...all, sar: { a: answer('a') }, lookups: { m: found('m') } },
  };
  const { facts } = await reusing(had, gatherThat({}))({ ...noFacts, node: true }, request);
  expect(facts).toEqual({ node });
  expect(asked).toEqual([]);
});

describe('what the other decision did not have is asked for, and nothing beside it', () => {
  test.each(['node', 'claims', 'cluster', 'dns', 'pending'] as const)('%s', async (name) => {
    const { [name]: missing, ...facts } = all;
    const had = { needs: { ...asksAll, [name]: false }, facts };
    const given = await reusing(had, gatherThat({ [name]: missing }))(asksAll, request);
    expect(given).toEqual({ facts: all, failures: [] });
    expect(asked).toEqual([{ ...noFacts, [name]: true }]);
  });

  test('an access review and a lookup', async () => {
    const had = {
      needs: { ...noFacts, sar: { a: review('get') }, lookups: { m: query('machines') } },
      facts: { sar: { a: answer('a') }, lookups: { m: found('m') } },
    };
    const wanted = {
      ...noFacts,
      sar: { a: review('get'), b: review('list') },
      lookups: { m: query('machines'), n: query('nodes') },
    };
    const more = { sar: { b: answer('b') }, lookups: { n: found('n') } };
    expect(await reusing(had, gatherThat(more))(wanted, request)).toEqual({
      facts: {
        sar: { a: answer('a'), b: answer('b') },
        lookups: { m: found('m'), n: found('n') },
      },
      failures: [],
    });
    expect(asked).toEqual([{ ...noFacts, sar: { b: review('list') }, lookups: { n: query('nodes') } }]);
  });
});

test('the same name for something else is another fact, and leaves the first one as it is', async () => {
  const had = {
    needs: { ...noFacts, sar: { a: review('get') }, lookups: { m: query('machines') } },
    facts: { sar: { a: answer('active') }, lookups: { m: found('active') } },
  };
  const before = structuredClone(had);
  const wanted = { ...noFacts, sar: { a: review('delete') }, lookups: { m: query('configmaps') } };
  const more = { sar: { a: answer('candidate') }, lookups: { m: found('candidate') } };
  const { facts } = await reusing(had, gatherThat(more))(wanted, request);
  expect(facts).toEqual(more);
  expect(asked).toEqual([wanted]);
  expect(had).toEqual(before);
});

test('one that cannot be obtained is missing, even where the other decision had one of that name', async () => {
  const had = {
    needs: { ...noFacts, lookups: { m: query('machines') } },
    facts: { lookups: { m: found('active') } },
  };
  const failures = [{ fact: 'lookups.m', message: 'forbidden' }];
  const wanted = { ...noFacts, lookups: { m: query('configmaps') } };
  expect(await reusing(had, gatherThat({}, failures))(wanted, request)).toEqual({ facts: {}, failures });
});

test('what was asked for and not obtained is asked for again', async () => {
  const had = { needs: { ...noFacts, node: true, sar: { a: review('get') } }, facts: {} };
  const more = { node, sar: { a: answer('a') } };
  const { facts } = await reusing(had, gatherThat(more))(had.needs, request);
  expect(facts).toEqual(more);
  expect(asked).toEqual([had.needs]);
});
